//! What detectors know of a metric, as bytes that the store keeps.

use crc::{CRC_32_ISCSI, Crc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Raised whenever what is written means something else than before: what other versions wrote is learned anew.
pub const STATE_VERSION: i64 = 2;

/// Tells bytes that are not what was written.
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Something as bytes.
pub(super) fn kept(state: &impl Serialize) -> Vec<u8> {
    // Nothing in a state is of a kind that has no bytes; what is empty is not read again.
    postcard::to_stdvec_crc32(state, CHECKSUM.digest()).unwrap_or_default()
}

/// What the bytes were made of; `None` when they are not what was written.
pub(super) fn read_kept<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes_crc32(bytes, CHECKSUM.digest()).ok()
}
