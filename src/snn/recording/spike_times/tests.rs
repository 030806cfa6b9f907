//! Spike files as other programs write them: read right, or refused.

use std::io::Cursor;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::statistics::measure;
use super::super::{CAP_BYTES, Recording};
use super::*;

/// Twelve spikes of the neurons 1, 2 and 3.
const TIMES_MS: [f64; 12] = [5.0, 12.5, 20.0, 33.1, 41.7, 50.0, 58.2, 66.6, 71.0, 80.3, 90.4, 99.9];
const IDS: [u64; 12] = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3];

/// A line for each of them below a heading.
fn file(heading: &str, row: impl Fn(f64, u64) -> String) -> String {
    let rows = TIMES_MS.iter().zip(IDS).map(|(t, n)| row(*t, n));
    std::iter::once(heading.to_owned()).chain(rows).collect::<Vec<_>>().join("\n") + "\n"
}

#[track_caller]
fn is_good(text: &str) -> SpikeTimes {
    let spikes = SpikeTimes::from_csv(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    are_good(&spikes);
    spikes
}

#[track_caller]
fn are_good(spikes: &SpikeTimes) {
    let ids: Vec<u64> = spikes.senders.iter().map(|s| spikes.ids[*s as usize]).collect();
    assert_eq!(ids, IDS);
    let close = spikes.times_ms.iter().zip(TIMES_MS).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(close, "{:?}", spikes.times_ms);
    assert_eq!(spikes.ids, [1, 2, 3]);
}

fn comma(t: f64) -> String {
    format!("{t:.1}").replace('.', ",")
}

#[test]
fn columns_are_found_by_their_names_and_units() {
    let good = file("time_ms,sender", |t, n| format!("{t},{n}"));
    for text in [
        good.clone(),
        good.replace('\n', "\r\n"),
        good.replace('\n', "\r"),
        format!("\u{FEFF}{good}"),
        good.replace('\n', "\n\n"),
        good.to_uppercase(),
        file("sender,time_ms", |t, n| format!("{n},{t}")),
        file(",time_ms,sender", |t, n| format!("{},{t},{n}", (t * 7.0) as u64)),
        file("index,time_ms,sender", |t, n| format!("{},{t},{n}", (t * 7.0) as u64)),
        file("time_ms,sender,V_m", |t, n| format!("{t},{n},-65.0")),
        file("time_ms;sender", |t, n| format!("{};{n}", comma(t))),
        file("sep=;\ntime_ms;sender", |t, n| format!("{};{n}", comma(t))),
        file("time_ms;sender", |t, n| format!("{};{n},0", format!("{t:.3}").replace('.', ","))),
        file("time_ms\tsender", |t, n| format!("{}\t{n}", comma(t))),
        file("\"time_ms\",\"sender\"", |t, n| format!("\"{}\",\"{n}\"", comma(t))),
        file("'Time (ms)','Neuron ID'", |t, n| format!("'{t}','{n}'")),
        file("time_s,sender", |t, n| format!("{:.4},{n}", t / 1000.0)),
        file("t (s),sender", |t, n| format!("{:e},{n}.0", t / 1000.0)),
        file("time [s], id", |t, n| format!("{:.6}, {n}", t / 1000.0)),
        file("i,t/us", |t, n| format!("{n},{}", (t * 1000.0).round())),
        file("neuron;t (µs)", |t, n| format!("{n};{}", (t * 1000.0).round())),
        file("time_ms,sender", |t, n| format!("{t},{n}.0,")),
        file("time_ms | sender", |t, n| format!("{t} | {n}")),
        file("  sender   time_ms", |t, n| format!("  {n}   {t}  ")),
        // NEST 3.
        file(
            "# NEST version: 3.8.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms",
            |t, n| format!("{n}\t{t:.3}"),
        ),
        // numpy.savetxt(header = …).
        file("# time_ms,sender", |t, n| format!("{t:.18e},{:.18e}", n as f64)),
        file("# neuron time (s)", |t, n| format!("{n} {:.18e}", t / 1000.0)),
        // A remark between the lines.
        good.replacen("20,3\n", "20,3\n# half of them\n", 1),
    ] {
        assert_eq!(is_good(&text).assumed, None, "{text}");
    }
}

#[test]
fn what_is_assumed_of_the_unit_is_said() {
    for text in [
        file("time,sender", |t, n| format!("{t},{n}")),
        file("i,t", |t, n| format!("{n},{t}")),
        file("timestamps population node_ids", |t, n| format!("{t} V1 {n}")),
        // Without a heading, the column with fractions are the times.
        file("5,1", |t, n| format!("{t},{n}")).replacen("5,1\n", "", 1),
        file("x", |t, n| format!("{n}\t{t}")).replacen("x\n", "", 1),
        file("x", |t, n| format!("{};{n}", comma(t))).replacen("x\n", "", 1),
    ] {
        assert!(is_good(&text).assumed.unwrap().contains("taken as ms"), "{text}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused_with_a_remedy() {
    for (text, said) in [
        // Seconds, and microseconds, that do not say so.
        (file("time,sender", |t, n| format!("{:.4},{n}", t / 1000.0)), "time_s"),
        (file("i,t", |t, n| format!("{n},{:.4}", t / 1000.0)), "time_s"),
        (file("t,i", |t, n| format!("{},{n}", (t * 1000.0).round())), "time_us"),
        (file("x", |t, n| format!("{:.4},{n}", t / 1000.0)).replacen("x\n", "", 1), "time_s"),
        // Nobody spikes twice.
        ("time,sender\n5.0,1\n7.5,2\n".into(), "no neuron spikes twice"),
        // Whole numbers without a heading.
        ("5,1\n12,2\n33,1\n".into(), "time_ms,sender"),
        ("5.5,1.5\n".into(), "time_ms,sender"),
        ("5.5,1,7\n".into(), "3 columns"),
        ("5,0,1\n12,5,2\n".into(), "3 columns"),
        ("1.0\n".into(), "time_ms,sender"),
        // Decimal commas between commas.
        (file("time_ms,sender", |t, n| format!("{},{n}", comma(t))), "semicolons"),
        // Twelve thousand, or twelve?
        ("time_ms,sender\n\"12,500\",1\n\"33,100\",2\n".into(), "group of digits"),
        ("time_ms;sender\n1.234,5;1\n".into(), "line 2"),
        ("time_ms;sender\n12.5;1\n33,1;1\n".into(), "write them alike"),
        ("time_ms\tsender\n1,234\t1\n500\t1\n".into(), "group of digits"),
        // Names.
        ("time_ms,time_s,sender\n1,1,1\n".into(), "several hold times"),
        ("time_ms,sender,neuron\n1,1,1\n".into(), "several may be the neurons"),
        ("sender,time_step,time_offset\n1,5,0.0\n".into(), "`time_step`"),
        ("id,V_m\n1,5\n".into(), "where the times are"),
        ("time_ms,volts\n1,5\n".into(), "where the neurons are"),
        (",time_ms\n0,5.0\n1,7.5\n".into(), "where the neurons are"),
        ("index,time_ms\n0,5.0\n1,7.5\n2,9.0\n".into(), "only numbers the lines"),
    ] {
        let error = SpikeTimes::from_csv(&text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn broken_lines_are_named() {
    for (text, said) in [
        ("time_ms,sender\n1.0,2\nx,3\n", "line 3"),
        ("time_ms,sender\n1.0\n", "line 2"),
        ("time_ms,sender\n1.0,-2\n", "line 2"),
        ("time_ms,sender\n1.0,2.5\n", "line 2"),
        ("time_ms,sender\n1.0,\n", "line 2"),
        ("time_ms,sender\n1.0,2,3\n", "has 3 fields"),
        ("time_ms,sender\n\"1.0,2\n", "line 2"),
        ("time_ms,sender\nNaN,2\n", "line 2"),
        ("time_ms,sender\ninf,2\n", "line 2"),
        ("time_ms,sender\n-1,2\n", "from 0 on"),
        ("time_s,sender\n1e12,2\n", "thirty years"),
        ("time_ms,sender\n1.0,N3\n", "whole number"),
    ] {
        let error = SpikeTimes::from_csv(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
    for none in ["", "\n\n", "# nothing\n", "time_ms,sender\n", "sender\ttime_ms\r\n"] {
        assert_eq!(SpikeTimes::from_csv(none).unwrap(), SpikeTimes::default(), "{none:?}");
    }
    let sorted = SpikeTimes::from_csv("time_ms;sender\n2.5;1\n0.5;0\n").unwrap();
    assert_eq!((&sorted.times_ms[..], &sorted.senders[..]), (&[0.5, 2.5][..], &[0, 1][..]));
}

#[test]
fn text_is_read_in_the_encodings_of_other_systems() {
    let text = file("time (µs),sender", |t, n| format!("{},{n}", (t * 1000.0).round()));
    let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let mut big = vec![0xFE, 0xFF];
    big.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    for bytes in [text.clone().into_bytes(), latin1, utf16, big] {
        is_good(&table::decode(bytes).unwrap());
    }
    assert!(table::decode(vec![b't', 0, 1]).is_err());
}

/// Ids from 1001 were counted as 1004 neurons that fire at 0.12 Hz.
#[test]
fn neurons_are_counted_and_keep_their_numbers() {
    let text = file("time_ms,sender", |t, n| format!("{t},{}", n + 1000));
    let recording = SpikeTimes::from_csv(&text).unwrap().to_recording(0.01, CAP_BYTES);
    assert_eq!((recording.neurons(), recording.total()), (3, 12));
    let shown: Vec<u64> = (0..3).map(|n| recording.id(n)).collect();
    assert_eq!(shown, [1001, 1002, 1003]);
    let found = [0, 1001, 1003, 1004].map(|id| recording.neuron_of_id(id));
    assert_eq!(found, [0, 0, 2, 3]);
    let rate = measure(&recording, 0..3, 0..u64::MAX).rate_hz;
    assert!((rate - 40.0).abs() < 0.05, "{rate}");
    // And are saved under them.
    let csv = SpikeTimes::of(&recording).to_csv();
    assert_eq!(SpikeTimes::from_csv(&csv).unwrap().ids, [1001, 1002, 1003]);
    let npz = to_npz(&recording).unwrap();
    let back = SpikeTimes::from_npz(&mut npz::Reader::new(Cursor::new(npz)).unwrap()).unwrap();
    assert_eq!(back.ids, [1001, 1002, 1003]);
}

fn from_npz(arrays: &[(&str, Values)]) -> Result<SpikeTimes, String> {
    let arrays: Vec<(&str, Array)> =
        arrays.iter().map(|(n, v)| (*n, Array::list(v.clone()))).collect();
    let named: Vec<(&str, &Array)> = arrays.iter().map(|(n, a)| (*n, a)).collect();
    let bytes = npz::to_bytes(&named).unwrap();
    SpikeTimes::from_npz(&mut npz::Reader::new(Cursor::new(bytes)).unwrap())
}

#[test]
fn arrays_are_found_by_their_names_and_may_be_of_any_type() {
    let ms = || Values::F64(TIMES_MS.to_vec());
    let s = || Values::F64(TIMES_MS.iter().map(|t| t / 1000.0).collect());
    let ids = [
        Values::I64(IDS.map(|n| n as i64).to_vec()),
        Values::I32(IDS.map(|n| n as i32).to_vec()),
        Values::U8(IDS.map(|n| n as u8).to_vec()),
        Values::U32(IDS.map(|n| n as u32).to_vec()),
        Values::U64(IDS.to_vec()),
        Values::F32(IDS.map(|n| n as f32).to_vec()),
        Values::F64(IDS.map(|n| n as f64).to_vec()),
    ];
    for ids in ids {
        are_good(&from_npz(&[("times", ms()), ("senders", ids.clone())]).unwrap());
        are_good(&from_npz(&[("neuron_id", ids), ("spike_times_s", s()), ("x", ms())]).unwrap());
    }
    let ids = || Values::I64(IDS.map(|n| n as i64).to_vec());
    let us = Values::I64(TIMES_MS.map(|t| (t * 1000.0).round() as i64).to_vec());
    are_good(&from_npz(&[("i", ids()), ("t_us", us)]).unwrap());
    // By name alone, ms is assumed where nothing else is likely.
    assert!(from_npz(&[("i", ids()), ("t", ms())]).unwrap().assumed.is_some());
    for (arrays, said) in [
        (vec![("i", ids()), ("t", s())], "name no unit"),
        (vec![("times", s()), ("senders", ids())], "do not look like ms"),
        (vec![("times", ms())], "where the neurons are"),
        (vec![("times", ms()), ("senders", Values::F64(vec![0.5; 12]))], "0.5"),
        (vec![("times", ms()), ("senders", Values::I64(vec![-1; 12]))], "-1"),
        (vec![("times", ms()), ("senders", Values::I64(vec![1]))], "12 times"),
    ] {
        let error = from_npz(&arrays).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let table = Array::new(&[6, 2], Values::F64(TIMES_MS.to_vec())).unwrap();
    let ids = Array::list(Values::I64(vec![1; 12]));
    let bytes = npz::to_bytes(&[("times", &table), ("senders", &ids)]).unwrap();
    let error = SpikeTimes::from_npz(&mut npz::Reader::new(Cursor::new(bytes)).unwrap());
    assert!(error.unwrap_err().contains("table of shape [6, 2]"));
}

/// 20 million spikes in some hundred kilobytes took 709 MB.
#[test]
fn a_small_file_of_very_many_spikes_is_refused_before_it_is_unpacked() {
    use zip::write::SimpleFileOptions;
    let n = MOST_SPIKES.0 + 1;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.npz");
    // An archive whose arrays claim more than there is, as one that is packed would
    // hold: nothing of it is read before the claim is checked.
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut archive = zip::ZipWriter::new(&mut file);
    for (name, descr) in [("times", "<f8"), ("senders", "<i8")] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({n},), }}\n");
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(format!("{name}.npy"), options).unwrap();
        let start = [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes()].concat();
        std::io::Write::write_all(&mut archive, &start).unwrap();
        std::io::Write::write_all(&mut archive, header.as_bytes()).unwrap();
        std::io::Write::write_all(&mut archive, &[0; 800]).unwrap();
    }
    archive.finish().unwrap();
    drop(file);
    let error = SpikeTimes::read(&path).unwrap_err().to_string();
    assert!(error.contains("10,000,001 values, and 10,000,000 is the most"), "{error}");
    assert!(error.contains("bomb.npz") && error.contains("Nothing was imported"), "{error}");
    assert_eq!(most_spikes(0), 10_000_000);
    assert_eq!(most_spikes(160_000_000), 40_000_000);
    assert_eq!(most_spikes(u64::MAX), 50_000_000);
}

#[test]
fn a_folder_a_device_or_a_single_array_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: &Path| SpikeTimes::read(path).unwrap_err().to_string();
    assert!(error(dir.path()).contains("a folder"));
    #[cfg(unix)]
    assert!(error(Path::new("/dev/zero")).contains("a device"));
    assert!(error(&dir.path().join("none.csv")).contains("none.csv"));
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    assert!(error(&write("a.npy", b"\x93NUMPY\x01\x00")).contains("numpy.savez"));
    assert!(error(&write("text.npz", b"time_ms,sender\n")).contains("not an npz file"));
    assert!(error(&write("cut.npz", b"PK\x03\x04")).contains("cut.npz"));
    // The content tells, not the name.
    let recording = SpikeTimes::from_csv(&file("time_ms,sender", |t, n| format!("{t},{n}")))
        .unwrap()
        .to_recording(0.1, CAP_BYTES);
    let path = write("spikes.dat", &to_npz(&recording).unwrap());
    are_good(&SpikeTimes::read(&path).unwrap());
}

proptest! {
    /// Whatever order, separator, unit and way of writing numbers: the same trains.
    #[test]
    fn any_way_of_writing_spikes_gives_the_same_trains(
        // Tenths of ms, within which every unit is exact.
        spikes in vec((0u32..1_000_000, 0u64..5_000_000), 1..60),
        separator in prop::sample::select(vec![",", ";", "\t", " ", "|"]),
        (unit, per_ms, decimals) in prop::sample::select(vec![("ms", 1.0, 1), ("s", 1e-3, 4), ("us", 1e3, 0)]),
        name in prop::sample::select(vec!["time_", "t (", "Spike Time [", "times/"]),
        neuron in prop::sample::select(vec!["sender", "Neuron ID", "i", "gid", "index"]),
        sender_first in any::<bool>(),
        float_senders in any::<bool>(),
        decimal_comma in any::<bool>(),
        quoted in any::<bool>(),
        further in any::<bool>(),
        bom in any::<bool>(),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        // A space in a name between spaces is another column.
        let spaces = separator == " ";
        let (name, neuron) = if spaces { ("time_", "sender") } else { (name, neuron) };
        let closing = match name.chars().last() { Some('(') => ")", Some('[') => "]", _ => "" };
        let time_name = format!("{name}{unit}{closing}");
        // Between commas only within quotes, and there not with three digits behind.
        let decimal_comma = decimal_comma && (separator != "," || quoted) && decimals != 0;
        let quote = |text: String| if quoted && !spaces { format!("\"{text}\"") } else { text };
        let line = |time: String, neuron: String| {
            let mut fields = if sender_first { vec![neuron, time] } else { vec![time, neuron] };
            if further {
                fields.insert(1, "7".into());
            }
            fields.into_iter().map(quote).collect::<Vec<_>>().join(separator)
        };
        let mut lines = vec![line(time_name, neuron.into()).replace('7', "V_m")];
        for (tenths, n) in &spikes {
            let time = format!("{:.decimals$}", f64::from(*tenths) / 10.0 * per_ms);
            let time = if decimal_comma { time.replace('.', ",") } else { time };
            let n = if float_senders { format!("{n}.0") } else { n.to_string() };
            lines.push(line(time, n));
        }
        let text = lines.join(end) + end;
        let text = if bom { format!("\u{FEFF}{text}") } else { text };
        let rows = neuron == "index" && spikes.len() > 1
            && spikes.iter().zip(spikes[0].1..).all(|(s, row)| s.1 == row);
        prop_assume!(!rows);
        let read = SpikeTimes::from_csv(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        let mut wanted = spikes.clone();
        wanted.sort_unstable();
        let found: Vec<(u32, u64)> = read.times_ms.iter().zip(&read.senders)
            .map(|(t, s)| ((t * 10.0).round() as u32, read.ids[*s as usize])).collect();
        prop_assert_eq!(found, wanted);
        prop_assert_eq!(read.assumed, None);
    }

    #[test]
    fn random_text_is_no_panic(text in "(time_ms,sender\n)?.{0,200}", bytes in vec(any::<u8>(), 0..200)) {
        let _ = SpikeTimes::from_csv(&text);
        let _ = table::decode(bytes).and_then(|text| SpikeTimes::from_csv(&text));
    }

    /// Numbers, separators and signs in any order are read or refused.
    #[test]
    fn tables_of_nonsense_are_no_panic(text in "(time[_ ]?(ms|s|us)?[,;\t ]sender\n)?([0-9.,;\"'\t #-]{0,12}\n){0,12}") {
        if let Ok(spikes) = SpikeTimes::from_csv(&text) {
            let recording: Recording = spikes.to_recording(0.01, CAP_BYTES);
            prop_assert_eq!(recording.total(), spikes.senders.len() as u64);
        }
    }
}

/// HDF5 files as SONATA and NWB have spikes.
mod in_hdf5 {
    use hdf5_pure::{AttrValue, FileBuilder};

    use super::*;

    fn read(file: FileBuilder) -> Result<SpikeTimes, String> {
        read_bytes(file.finish().unwrap())
    }

    fn read_bytes(bytes: Vec<u8>) -> Result<SpikeTimes, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spikes.h5");
        std::fs::write(&path, bytes).unwrap();
        SpikeTimes::read(&path).map_err(|e| e.to_string())
    }

    fn sonata(populations: &[(&str, u64, f64)], unit: Option<&str>) -> FileBuilder {
        let mut file = FileBuilder::new();
        let mut spikes = file.create_group("spikes");
        for (name, first, factor) in populations {
            let mut group = spikes.create_group(name);
            let ids: Vec<u64> = IDS.iter().map(|id| id - 1 + first).collect();
            group.create_dataset("node_ids").with_u64_data(&ids);
            let times: Vec<f64> = TIMES_MS.iter().map(|t| t * factor).collect();
            let times = group.create_dataset("timestamps").with_f64_data(&times);
            if let Some(unit) = unit {
                times.set_attr("units", AttrValue::AsciiString(unit.into()));
            }
            spikes.add_group(group.finish());
        }
        file.add_group(spikes.finish());
        file
    }

    #[test]
    fn populations_of_sonata_are_read_in_their_unit_and_numbered_on() {
        are_good(&read(sonata(&[("v1", 1, 1.0)], None)).unwrap());
        are_good(&read(sonata(&[("v1", 1, 1.0)], Some("milliseconds"))).unwrap());
        are_good(&read(sonata(&[("v1", 1, 0.001)], Some("s"))).unwrap());
        let two = read(sonata(&[("lgn", 5, 1.0), ("v1", 0, 1.0)], None)).unwrap();
        assert_eq!(two.ids, [5, 6, 7, 8, 9, 10]);
        assert_eq!(two.times_ms.len(), 24);
        let told = two.assumed.unwrap();
        assert!(told.contains("lgn from 0, v1 from 8"), "{told}");
    }

    #[test]
    fn units_of_nwb_are_read() {
        let of = |neuron: u64| -> Vec<f64> {
            let pairs = TIMES_MS.iter().zip(IDS).filter(|(_, id)| *id == neuron);
            pairs.map(|(t, _)| t / 1000.0).collect()
        };
        let times = [of(3), of(1), of(2)].concat();
        let file = |ends: &[u64]| {
            let mut file = FileBuilder::new();
            let mut units = file.create_group("units");
            units.create_dataset("spike_times").with_f64_data(&times);
            units.create_dataset("spike_times_index").with_u64_data(ends);
            units.create_dataset("id").with_i64_data(&[3, 1, 2]);
            file.add_group(units.finish());
            file
        };
        are_good(&read(file(&[4, 8, 12])).unwrap());
        for bad in [[4, 8, 11], [8, 4, 12], [4, 8, u64::MAX]] {
            assert!(read(file(&bad)).unwrap_err().contains("does not fit"), "{bad:?}");
        }
    }

    #[test]
    fn arrays_are_found_by_their_names_and_what_is_none_is_said() {
        let named = |time: &str, factor: f64| {
            let mut file = FileBuilder::new();
            let times: Vec<f64> = TIMES_MS.iter().map(|t| t * factor).collect();
            file.create_dataset(time).with_f64_data(&times);
            file.create_dataset("sender").with_u64_data(&IDS);
            file
        };
        are_good(&read(named("t_s", 0.001)).unwrap());
        are_good(&read(named("time_ms", 1.0)).unwrap());
        assert!(read(named("when", 1.0)).unwrap_err().contains("no name says where the times"));
        let mut empty = FileBuilder::new();
        empty.create_group("other");
        assert!(read(empty).unwrap_err().contains("holds no spikes"));
        let mut text = FileBuilder::new();
        text.create_dataset("time_ms").with_vlen_strings(&["1.0", "2.0"]).with_shape(&[2]);
        text.create_dataset("sender").with_u64_data(&[1, 2]);
        assert!(read(text).unwrap_err().contains("text where numbers"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn damaged_files_are_refused_or_read(at in 0.0f64..1.0, to: u8, cut in proptest::option::of(0.0f64..1.0)) {
            let mut bytes = sonata(&[("a", 1, 1.0), ("b", 3, 1.0)], Some("ms")).finish().unwrap();
            let place = (at * bytes.len() as f64) as usize;
            bytes[place] = to;
            if let Some(cut) = cut {
                bytes.truncate((cut * bytes.len() as f64) as usize);
            }
            let _ = read_bytes(bytes);
        }
    }
}
