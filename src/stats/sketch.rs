//! Stand-in.
/// stand-in
#[derive(Debug, Clone, Default)]
pub struct Sketch(Vec<f64>);
impl Sketch {
    /// x
    pub fn add(&mut self, v: f64) {
        self.0.push(v)
    }
    /// x
    pub fn merge_encoded(&mut self, b: &[u8]) -> Result<(), ()> {
        self.0.extend(b.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)));
        Ok(())
    }
    /// x
    pub fn quantile(&self, q: f64) -> Option<f64> {
        super::quantiles(&mut self.0.clone(), [q]).map(|q| q[0])
    }
    /// x
    pub fn encode(&self, out: &mut Vec<u8>) {
        for v in &self.0 {
            out.extend(v.to_le_bytes())
        }
    }
}
