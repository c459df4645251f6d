//! SQLite's records: numbers of variable length, and the values of a row.
//!
//! Source of the formats: "Database File Format", sqlite.org/fileformat2.html, sections 1.6 and 2.1. Every
//! byte may be damaged: what cannot be is `None`, never a panic.

use rusqlite::types::ValueRef;

/// Takes a number of one to nine bytes, seven bits each, the highest first; the ninth byte gives eight.
pub(in crate::store) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for index in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    Some(number)
}

/// The values of a row; `None` when they do not fill the payload exactly.
pub(in crate::store) fn values(payload: &[u8]) -> Option<Vec<ValueRef<'_>>> {
    let mut rest = payload;
    let header_bytes = usize::try_from(take_varint(&mut rest)?).ok()?;
    let (mut types, mut body) = (payload.get(payload.len() - rest.len()..header_bytes)?, payload.get(header_bytes..)?);
    let mut values = Vec::new();
    while !types.is_empty() {
        values.push(take_value(take_varint(&mut types)?, &mut body)?);
    }
    body.is_empty().then_some(values)
}

fn take_value<'a>(serial_type: u64, body: &mut &'a [u8]) -> Option<ValueRef<'a>> {
    let len = match serial_type {
        0 | 8 | 9 => 0,
        1..=4 => serial_type,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => (serial_type - 12) / 2,
    };
    let (bytes, rest) = body.split_at_checked(usize::try_from(len).ok()?)?;
    *body = rest;
    Some(match serial_type {
        0 => ValueRef::Null,
        7 => ValueRef::Real(f64::from_bits(signed(bytes).cast_unsigned())),
        8 => ValueRef::Integer(0),
        9 => ValueRef::Integer(1),
        1..=6 => ValueRef::Integer(signed(bytes)),
        _ if serial_type.is_multiple_of(2) => ValueRef::Blob(bytes),
        _ => ValueRef::Text(bytes),
    })
}

/// One to eight bytes, the highest first, as a number with a sign.
fn signed(bytes: &[u8]) -> i64 {
    let first = bytes.first().map_or(0, |&byte| i64::from(byte.cast_signed()));
    bytes.iter().skip(1).fold(first, |number, &byte| number << 8 | i64::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[0x05], Some(5))]
    #[case(&[0x81, 0x00], Some(128))]
    #[case(&[0xff; 9], Some(u64::MAX))]
    #[case(&[0x81], None)]
    fn varints_are_read(#[case] mut bytes: &[u8], #[case] expected: Option<u64>) {
        assert_eq!(take_varint(&mut bytes), expected);
    }

    #[test]
    fn every_type_is_read() {
        let payload: &[u8] =
            &[9, 0, 1, 2, 8, 9, 7, 17, 16, 0xff, 0x01, 0x00, 0x40, 4, 0, 0, 0, 0, 0, 0, b'a', b'b', 1, 2];
        let expected = [
            ValueRef::Null,
            ValueRef::Integer(-1),
            ValueRef::Integer(256),
            ValueRef::Integer(0),
            ValueRef::Integer(1),
            ValueRef::Real(2.5),
            ValueRef::Text(b"ab"),
            ValueRef::Blob(&[1, 2]),
        ];
        assert_eq!(values(payload), Some(expected.to_vec()));
        assert_eq!(values(&payload[..payload.len() - 1]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = values(&payload);
        }
    }
}
