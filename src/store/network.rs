//! Is a path on a file system of the network, where SQLite's locks and its shared memory do not hold.

use std::path::Path;

/// Names the network file system a path lies on, by the magic numbers of Linux's `statfs(2)`.
#[cfg(target_os = "linux")]
pub(super) fn network_filesystem(path: &Path) -> Option<&'static str> {
    const KINDS: [(u64, &str); 10] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x0bd0_0bd0, "Lustre"),
        (0x4750_4653, "GPFS"),
        (0x6573_5546, "FUSE"),
    ];
    let kind = rustix::fs::statfs(path).ok()?.f_type as u64 & 0xffff_ffff;
    KINDS.into_iter().find(|(magic, _)| *magic == kind).map(|(_, name)| name)
}

/// Other systems have no number for it.
#[cfg(not(target_os = "linux"))]
pub(super) fn network_filesystem(_path: &Path) -> Option<&'static str> {
    None
}
