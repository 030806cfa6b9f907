use std::io::Cursor;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Values in a test's file, at most.
const MOST: u64 = 1_000_000;

fn round_trip(arrays: &[(&str, &Array)]) -> Arrays {
    read_from(Cursor::new(to_bytes(arrays).unwrap()), MOST).unwrap()
}

fn values() -> impl Strategy<Value = Values> {
    prop_oneof![
        vec(any::<f32>(), 0..40).prop_map(Values::F32),
        vec(any::<f64>(), 0..40).prop_map(Values::F64),
        vec(any::<i32>(), 0..40).prop_map(Values::I32),
        vec(any::<i64>(), 0..40).prop_map(Values::I64),
        vec(any::<u8>(), 0..40).prop_map(Values::U8),
        vec(any::<u32>(), 0..40).prop_map(Values::U32),
        vec(any::<u64>(), 0..40).prop_map(Values::U64),
    ]
}

/// Bit for bit: NaN compares unequal to itself.
fn bytes(array: &Array) -> Vec<u8> {
    let mut out = Vec::new();
    array.values.write_to(&mut out).unwrap();
    out
}

proptest! {
    #[test]
    fn what_is_written_comes_back(a in values(), b in values()) {
        let (a, b) = (Array::list(a), Array::list(b));
        let back = round_trip(&[("times", &a), ("senders", &b)]);
        for (name, array) in [("times", &a), ("senders", &b)] {
            let read = back.get(name).unwrap();
            prop_assert_eq!(read.shape(), array.shape());
            prop_assert_eq!(read.values.descr(), array.values.descr());
            prop_assert_eq!(bytes(read), bytes(array));
        }
    }

    #[test]
    fn random_bytes_are_an_error_and_no_panic(noise in vec(any::<u8>(), 0..400)) {
        prop_assert!(read_from(Cursor::new(noise), MOST).is_err());
    }

    /// A byte flipped anywhere is noticed, or changes nothing but the archive's
    /// own remarks (dates, flags); it never panics.
    #[test]
    fn a_flipped_byte_never_panics(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let array = Array::new(&[2, 3], Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])).unwrap();
        let mut file = to_bytes(&[("a", &array)]).unwrap();
        let i = at.index(file.len());
        file[i] = to;
        if let Ok(back) = read_from(Cursor::new(file), MOST)
            && let Ok(read) = back.get("a")
        {
            prop_assert_eq!(read, &array);
        }
    }

    #[test]
    fn a_header_of_random_text_never_panics(text in "[ -~]{0,80}") {
        let _ = Header::parse(&text);
        let _ = Header::parse(&format!("{{'descr': '{text}', 'fortran_order': False, 'shape': ({text})"));
    }
}

#[test]
fn shapes_of_any_rank_come_back() {
    for shape in [&[][..], &[1], &[2, 3, 4], &[0, 7], &[1, 1, 1, 1, 5]] {
        let n: usize = shape.iter().product();
        let array = Array::new(shape, Values::I64((0..n as i64).collect())).unwrap();
        assert_eq!(round_trip(&[("x", &array)]).get("x").unwrap(), &array);
    }
    assert!(Array::new(&[2, 2], Values::U8(vec![0; 5])).is_err());
    assert!(Array::new(&[usize::MAX, 2], Values::U8(vec![0; 5])).is_err());
}

/// A member as NumPy writes it, but with this header.
fn npy(header: &str, data: &[u8]) -> Result<Array, String> {
    let mut file = MAGIC.to_vec();
    file.extend([1, 0]);
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    read_npy(&mut file.as_slice(), MOST)
}

#[test]
fn fortran_order_and_big_endian_are_turned_round() {
    let data: Vec<u8> = [1i32, 4, 2, 5, 3, 6].iter().flat_map(|x| x.to_be_bytes()).collect();
    let array = npy("{'descr': '>i4', 'fortran_order': True, 'shape': (2, 3), }", &data).unwrap();
    assert_eq!(array.values(), &Values::I32(vec![1, 2, 3, 4, 5, 6]));
    assert_eq!(array.shape(), [2, 3]);
}

#[test]
fn a_broken_member_says_what_is_wrong() {
    for (header, data, said) in [
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "type `<c8`"),
        (
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
            4,
            "several columns",
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 8, "should have 12 bytes"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8, "has more"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 8, "dimension `-1`"),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999), }",
            8,
            "1,000,000 is the most",
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
            8,
            "nothing can hold",
        ),
        ("{'descr': '<f4', 'shape': (1,), }", 4, "without `fortran_order`"),
        ("", 0, "without `descr`"),
    ] {
        let error = npy(header, &vec![0; data]).unwrap_err();
        assert!(error.contains(said), "{header}: {error}");
    }
    assert!(read_npy(&mut &b"short"[..], MOST).unwrap_err().contains("broken header"));
    assert!(
        read_npy(&mut &b"\x89PNG\r\n\x1a\n0000"[..], MOST).unwrap_err().contains("NumPy's format")
    );
}

#[test]
fn a_file_that_is_none_or_lacks_an_array_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spikes.npz");
    let error = read(&path, MOST).unwrap_err().to_string();
    assert!(error.contains("spikes.npz"), "{error}");
    let array = Array::list(Values::F64(vec![0.5, 1.5]));
    write(&path, &[("times", &array)]).unwrap();
    let back = read(&path, MOST).unwrap();
    assert_eq!(back.get("times").unwrap().to_f64(), [0.5, 1.5]);
    assert_eq!(back.get("senders").unwrap_err(), "it has no array `senders`; its arrays: times");
    // Cut off in the middle, as by a full disk.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = read(&path, MOST).unwrap_err().to_string();
    assert!(error.contains("damaged") && error.contains("was not changed"), "{error}");
}

#[test]
fn neurons_are_numbered_in_whole_numbers() {
    assert_eq!(Array::list(Values::F64(vec![0.0, 3.0])).into_ids(), Ok(vec![0, 3]));
    assert_eq!(Array::list(Values::I64(vec![7])).into_ids(), Ok(vec![7]));
    assert_eq!(Array::list(Values::U64(vec![1 << 40])).into_ids(), Ok(vec![1 << 40]));
    for bad in [Values::F32(vec![0.5]), Values::I32(vec![-1]), Values::F64(vec![f64::NAN])] {
        assert!(Array::list(bad).into_ids().is_err());
    }
}

#[test]
fn whole_numbers_of_any_width_are_read() {
    for (descr, data, wanted) in [
        ("|i1", &[5u8, 0xFF][..], vec![5.0, -1.0]),
        ("<i2", &[1, 2, 0xFF, 0xFF], vec![513.0, -1.0]),
        (">i2", &[1, 2, 0, 3], vec![258.0, 3.0]),
        ("|u1", &[5, 0xFF], vec![5.0, 255.0]),
        ("<u2", &[1, 2, 0xFF, 0xFF], vec![513.0, 65_535.0]),
        ("<u4", &[1, 0, 0, 0, 2, 0, 0, 0], vec![1.0, 2.0]),
        (">u8", &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0], vec![1.0, 256.0]),
    ] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}");
        assert_eq!(npy(&header, data).unwrap().to_f64(), wanted, "{descr}");
    }
}

/// 20 million zeros in less than two hundred kilobytes.
#[test]
fn a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_does() {
    let claimed = 20_000_000;
    let array = Array::list(Values::F64(vec![0.0; 8]));
    let bytes = to_bytes(&[("times", &array)]).unwrap();
    let mut reader = Reader::new(Cursor::new(&bytes[..])).unwrap();
    let error = reader.array("times", 7).unwrap_err();
    assert!(error.contains("holds 8 values, and 7 is the most"), "{error}");
    assert!(reader.array("times", 8).is_ok());

    // The header is true, and what follows is packed.
    let mut plain = MAGIC.to_vec();
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({claimed},), }}\n");
    plain.extend([1, 0]);
    plain.extend((header.len() as u16).to_le_bytes());
    plain.extend(header.as_bytes());
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&plain).unwrap();
    for _ in 0..claimed / 1_000_000 {
        packed.write_all(&vec![0; 8_000_000]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 200_000, "{}", packed.len());
    let error = read_npy(&mut DeflateDecoder::new(&packed[..]), 10_000_000).unwrap_err();
    assert!(error.contains("20,000,000 values, and 10,000,000 is the most"), "{error}");
}

/// Made by `numpy.savez_compressed("…", a=np.arange(6, dtype=np.float32)
/// .reshape(2, 3), n=np.int64(7))`, NumPy 2; read as NumPy means it.
#[test]
fn a_file_of_numpy_is_read() {
    let file = include_bytes!("../../tests/data/numpy.npz");
    let back = read_from(Cursor::new(&file[..]), MOST).unwrap();
    let a = back.get("a").unwrap();
    assert_eq!(a.shape(), [2, 3]);
    assert_eq!(a.values(), &Values::F32((0..6).map(|x| x as f32).collect()));
    assert_eq!(back.get("n").unwrap().values(), &Values::I64(vec![7]));
    assert_eq!(back.get("n").unwrap().shape(), [0usize; 0]);
}
