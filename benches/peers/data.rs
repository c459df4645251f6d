//! The generated samples that every program is given: the same rows as JSON Lines, CSV and Prometheus text.
//!
//! 100 metrics, each from 20 endpoints and 3 browsers; log-normal values with three decimals; 30 days that end
//! now, mostly in the order of time (up to 5 s late), and the same on every machine but for the end.

use std::f64::consts::TAU;
use std::io::{self, Write};

pub const METRICS: usize = 100;
const ENDPOINTS: usize = 20;
const BROWSERS: [&str; 3] = ["chrome", "firefox", "safari"];
const DAY_MS: u64 = 86_400_000;
const SPAN_MS: u64 = 30 * DAY_MS;
/// The spans that baselines look back over, in ms.
pub const WINDOWS_MS: [(&str, u64); 3] = [("24h", DAY_MS), ("7d", 7 * DAY_MS), ("30d", SPAN_MS)];
/// No sample lies in the first hour of a window, so that programs that look back from instants up to an hour
/// apart find the same samples in it.
const GAP_MS: u64 = 3_600_000;
const LATE_MS: u64 = 5_000;
const SEED: u64 = 20_231_121;
const FLUSH_BYTES: usize = 1 << 20;

/// What all rows amount to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    pub rows: u64,
    pub sum: f64,
}

impl Truth {
    /// Whether the same rows were counted and added up, in whatever order.
    pub fn agrees(self, other: Self) -> bool {
        self.rows == other.rows && (self.sum - other.sum).abs() <= 1e-9 * self.sum.abs()
    }
}

/// How a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    JsonLines,
    /// With every column of the contract's table, so that nothing is left to its defaults.
    Csv,
    Prometheus,
}

/// Which rows are to be made.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    pub count: u64,
    pub now_ms: u64,
}

struct Row {
    id: u64,
    metric: usize,
    tags: usize,
    /// Thousandths.
    value: u64,
    timestamp_ms: u64,
}

pub fn metric_name(metric: usize) -> String {
    format!("service_{metric:03}_ms")
}

impl Rows {
    /// Writes all of them to each output.
    pub fn write(self, outputs: &mut [(Format, &mut dyn Write)]) -> io::Result<Truth> {
        let words = Words::new(self.now_ms);
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut buffers = vec![Vec::with_capacity(2 * FLUSH_BYTES); outputs.len()];
        let mut thousandths = 0_u64;
        for index in 0..self.count {
            let row = self.row(index, &mut random);
            thousandths += row.value;
            for ((format, output), buffer) in outputs.iter_mut().zip(&mut buffers) {
                words.push(*format, &row, buffer);
                if buffer.len() >= FLUSH_BYTES || index + 1 == self.count {
                    output.write_all(buffer)?;
                    buffer.clear();
                }
            }
        }
        for (_, output) in outputs {
            output.flush()?;
        }
        Ok(Truth { rows: self.count, sum: thousandths as f64 / 1e3 })
    }

    fn row(self, index: u64, random: &mut fastrand::Rng) -> Row {
        let metric = random.usize(..METRICS);
        // Box and Muller (1958).
        let normal = (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (TAU * random.f64()).cos();
        let typical = 3.0 + 0.04 * metric as f64;
        Row {
            id: index + 1,
            metric,
            tags: random.usize(..ENDPOINTS * BROWSERS.len()),
            value: ((typical + 0.5 * normal).exp() * 1e3) as u64,
            timestamp_ms: self.instant(index) - random.u64(..LATE_MS),
        }
    }

    /// Steps evenly through the 30 days, over the gaps.
    fn instant(self, index: u64) -> u64 {
        let gaps_ms = GAP_MS * WINDOWS_MS.len() as u64;
        let mut since_start_ms = (u128::from(index) * u128::from(SPAN_MS - gaps_ms) / u128::from(self.count)) as u64;
        for (_, window_ms) in WINDOWS_MS.iter().rev() {
            if since_start_ms >= SPAN_MS - window_ms {
                since_start_ms += GAP_MS;
            }
        }
        self.now_ms - SPAN_MS + since_start_ms
    }
}

/// The parts of a line that do not change from row to row.
struct Words {
    metrics: Vec<String>,
    json: Vec<String>,
    csv: Vec<String>,
    labels: Vec<String>,
}

impl Words {
    fn new(now_ms: u64) -> Self {
        let tags: Vec<(String, &str)> = (0..ENDPOINTS)
            .flat_map(|endpoint| BROWSERS.map(|browser| (format!("/api/{endpoint:02}"), browser)))
            .collect();
        let each = |write: &dyn Fn(&str, &str) -> String| -> Vec<String> {
            tags.iter().map(|(endpoint, browser)| write(endpoint, browser)).collect()
        };
        Self {
            metrics: (0..METRICS).map(metric_name).collect(),
            json: each(&|endpoint, browser| format!(r#"{{"endpoint":"{endpoint}","browser":"{browser}"}}"#)),
            csv: each(&|endpoint, browser| {
                format!(r#""{{""endpoint"":""{endpoint}"",""browser"":""{browser}""}}",{now_ms}"#)
            }),
            labels: each(&|endpoint, browser| format!(r#"{{endpoint="{endpoint}",browser="{browser}"}} "#)),
        }
    }

    fn push(&self, format: Format, row: &Row, line: &mut Vec<u8>) {
        let metric = self.metrics[row.metric].as_bytes();
        match format {
            Format::JsonLines => {
                line.extend_from_slice(br#"{"metric_name":""#);
                line.extend_from_slice(metric);
                line.extend_from_slice(br#"","value":"#);
                push_thousandths(line, row.value);
                line.extend_from_slice(br#","timestamp":"#);
                push_number(line, row.timestamp_ms);
                line.extend_from_slice(br#","context":"#);
                line.extend_from_slice(self.json[row.tags].as_bytes());
                line.push(b'}');
            }
            Format::Csv => {
                push_number(line, row.id);
                line.push(b',');
                line.extend_from_slice(metric);
                line.push(b',');
                push_thousandths(line, row.value);
                line.push(b',');
                push_number(line, row.timestamp_ms);
                line.push(b',');
                line.extend_from_slice(self.csv[row.tags].as_bytes());
            }
            Format::Prometheus => {
                line.extend_from_slice(metric);
                line.extend_from_slice(self.labels[row.tags].as_bytes());
                push_thousandths(line, row.value);
                line.push(b' ');
                push_number(line, row.timestamp_ms);
            }
        }
        line.push(b'\n');
    }
}

fn push_thousandths(line: &mut Vec<u8>, value: u64) {
    push_number(line, value / 1_000);
    let digit = |power: u64| b'0' + (value / power % 10) as u8;
    line.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
}

/// As `write!` does, in a fifth of the time.
fn push_number(line: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return line.extend_from_slice(&digits[first..]);
        }
    }
}
