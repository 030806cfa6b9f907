use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

fn images(count: u32) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    for n in [count, 28, 28] {
        bytes.extend(n.to_be_bytes());
    }
    bytes.extend((0..count as usize * PIXELS).map(|i| (i % 251) as u8));
    bytes
}

fn labels(values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 1];
    bytes.extend((values.len() as u32).to_be_bytes());
    bytes.extend(values);
    bytes
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn problem(bytes: &[u8], kind: Kind) -> String {
    parse(bytes, kind).unwrap_err().to_string()
}

#[test]
fn good_files_are_read_gzipped_or_not() {
    for bytes in [images(3), gz(&images(3))] {
        assert_eq!(parse(&bytes[..], Kind::Images).unwrap(), images(3)[16..]);
    }
    for bytes in [labels(&[0, 9, 5]), gz(&labels(&[0, 9, 5]))] {
        assert_eq!(parse(&bytes[..], Kind::Labels).unwrap(), [0, 9, 5]);
    }
}

#[test]
fn each_fault_is_named() {
    let cases: [(Vec<u8>, Kind, &str); 15] = [
        (vec![], Kind::Images, "empty"),
        (b"<!DOCTYPE html>".to_vec(), Kind::Images, "a web page"),
        (b"hello".to_vec(), Kind::Images, "begins with the bytes [68, 65, 6c, 6c]"),
        (labels(&[1]), Kind::Images, "looks like a label file"),
        (images(1), Kind::Labels, "looks like an image file"),
        ([vec![0, 0, 13, 3], images(1)[4..].to_vec()].concat(), Kind::Images, "32-bit floats"),
        (vec![0, 0, 8, 2, 0, 0, 0, 1], Kind::Images, "2 dimensions, but 3"),
        (vec![0, 0, 8], Kind::Images, "inside its header, after 3 bytes"),
        (images(1)[..14].to_vec(), Kind::Images, "inside its header, after 14 bytes"),
        (images(2)[..900].to_vec(), Kind::Images, "cut short: 884 of the 1568 bytes"),
        ([images(1), vec![0]].concat(), Kind::Images, "goes on after the 1 pictures"),
        (labels(&[]), Kind::Labels, "holds no labels"),
        (labels(&[3, 10]), Kind::Labels, "label 1 is 10"),
        (gz(&images(2))[..200].to_vec(), Kind::Images, "gzip data is damaged"),
        ([gz(&labels(&[1])), b"junk".to_vec()].concat(), Kind::Labels, "not gzip follows"),
    ];
    for (bytes, kind, wanted) in cases {
        let found = problem(&bytes, kind);
        assert!(found.contains(wanted), "{found:?} does not say {wanted:?}");
    }
}

#[test]
fn other_picture_sizes_are_refused_with_their_size() {
    let mut bytes = images(1);
    bytes[11] = 32;
    bytes[15] = 30;
    assert!(problem(&bytes, Kind::Images).contains("30×32 (width × height)"));
}

#[test]
fn zeros_after_the_packed_data_and_several_members_are_read() {
    let whole = images(2);
    let padded = [gz(&whole), vec![0; 512]].concat();
    assert_eq!(parse(&padded[..], Kind::Images).unwrap(), whole[16..]);
    let members = [gz(&whole[..900]), gz(&whole[900..]), vec![0; 3]].concat();
    assert_eq!(parse(&members[..], Kind::Images).unwrap(), whole[16..]);
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_and_not_read() {
    let message = read_images(Path::new("/dev/zero")).unwrap_err().to_string();
    assert!(message.contains("a device"), "{message}");
}

#[test]
fn a_huge_claim_allocates_nothing() {
    let mut bytes = images(1);
    bytes[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(problem(&bytes, Kind::Images).contains("claims 4294967295 pictures"));
    bytes[4..8].copy_from_slice(&MOST_ITEMS.to_be_bytes());
    assert!(problem(&bytes, Kind::Images).contains("cut short: 784 of the 784000000"));
}

#[test]
fn a_pair_with_different_counts_names_both_files() {
    let dir = tempfile::tempdir().unwrap();
    let (i, l) = (dir.path().join("some-images"), dir.path().join("some-labels"));
    std::fs::write(&i, images(2)).unwrap();
    std::fs::write(&l, gz(&labels(&[1, 2, 3]))).unwrap();
    let message = load_pair(&i, &l, "x").unwrap_err().to_string();
    for part in ["some-images", "some-labels", "2 images, but 3 labels"] {
        assert!(message.contains(part), "{message}");
    }
    let swapped = load_pair(&l, &i, "x").unwrap_err().to_string();
    assert!(swapped.contains("some-images: this looks like an image file"), "{swapped}");
    let missing = read_images(&dir.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("none"), "{missing}");
    assert!(read_images(dir.path()).is_err());
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for kind in [Kind::Images, Kind::Labels] {
            let _ = parse(&bytes[..], kind);
            let _ = parse(&gz(&bytes)[..], kind);
            // Past the magic number, where random bytes rarely get.
            let _ = parse(&[&[0, 0, 8, kind.dimensions()][..], &bytes].concat()[..], kind);
            let _ = parse(&[&gzip::MAGIC[..], &[8, 0], &bytes].concat()[..], kind);
        }
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_survived(
        cut in 0usize..1584, byte in 0usize..1584, bit in 0u8..8
    ) {
        let whole = images(2);
        prop_assert!(parse(&whole[..cut], Kind::Images).is_err());
        let zipped = gz(&whole);
        prop_assert!(parse(&zipped[..cut % zipped.len()], Kind::Images).is_err());
        let mut broken = zipped.clone();
        let at = byte % broken.len();
        broken[at] ^= 1 << bit;
        // Either gzip notices, or (a flip in its name or time) nothing changed.
        if let Ok(read) = parse(&broken[..], Kind::Images) {
            prop_assert_eq!(&read[..], &whole[16..]);
        }
    }
}
