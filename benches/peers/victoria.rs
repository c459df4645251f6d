//! VictoriaMetrics, single node, on the loopback: one import request as its documentation recommends it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::child::{self, Usage};
use crate::data::Truth;
use crate::terminal::wait_for_condition;

/// A running server.
struct Server {
    child: Child,
    started: Instant,
    address: SocketAddr,
}

impl Server {
    fn start(dir: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let started = Instant::now();
        let child = Command::new("victoria-metrics")
            .arg(format!("-storageDataPath={}", dir.join("data").display()))
            .arg(format!("-httpListenAddr={address}"))
            // By default it drops what is older than a month.
            .args(["-retentionPeriod=1y", "-loggerLevel=ERROR"])
            .stdout(Stdio::null())
            .spawn()
            .expect("victoria-metrics is installed");
        let server = Self { child, started, address };
        wait_for_condition("answer of victoria-metrics", || server.request("GET", "/health", None).ok());
        server
    }

    /// The body of the answer.
    fn request(&self, method: &str, path: &str, body: Option<&Path>) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        let mut body = body.map(File::open).transpose()?;
        let length = body.as_ref().map_or(Ok(0), |body| body.metadata().map(|metadata| metadata.len()))?;
        let head = "HTTP/1.0\r\nHost: localhost\r\nContent-Length:";
        write!(stream, "{method} {path} {head} {length}\r\n\r\n")?;
        if let Some(body) = &mut body {
            io::copy(body, &mut stream)?;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
        let is_fine = head.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
        if is_fine { Ok(body.to_owned()) } else { Err(io::Error::other(answer)) }
    }

    /// Ends the server, which writes what it still holds in memory.
    fn stop(self) -> Usage {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("ids are positive");
        kill_process(pid, Signal::INT).expect("the server is there");
        child::finish(self.child, self.started)
    }

    /// The answer to an instant query that yields one number.
    fn number(&self, query: &str, now_ms: u64) -> f64 {
        // In whole seconds, rounded up.
        // Answers that may come from a cache leave out the last half minute.
        let path = format!("/api/v1/query?nocache=1&time={}&query={query}", now_ms / 1_000 + 1);
        let answer: Value = serde_json::from_str(&self.request("GET", &path, None).expect("an answer")).expect("JSON");
        let number = answer["data"]["result"][0]["value"][1].as_str().expect("a number");
        number.parse().expect("a number")
    }
}

/// Imports a file into a new server. The wall time ends with the answer; processor, memory and disk are those of
/// the whole life of the server, which does part of the work later.
pub fn import(prometheus: &Path, dir: &Path) -> Usage {
    let server = Server::start(dir);
    let asked = Instant::now();
    server.request("POST", "/api/v1/import/prometheus", Some(prometheus)).expect("the import");
    let wall = asked.elapsed();
    Usage { wall, ..server.stop() }
}

/// What was imported.
pub fn truth(dir: &Path, now_ms: u64) -> Truth {
    let server = Server::start(dir);
    let over = |function: &str| server.number(&format!("sum({function}(%7B__name__!=%22%22%7D[32d]))"), now_ms);
    let truth = Truth { rows: over("count_over_time") as u64, sum: over("sum_over_time") };
    server.stop();
    truth
}
