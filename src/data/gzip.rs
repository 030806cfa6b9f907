//! Gzip as `gzip` itself reads it: several members in a row are one content, and
//! zero bytes after the last are padding (tapes and block devices add it; RFC 1952
//! leaves it open). Anything else after a member is an error that says so.

use std::io::{BufRead, Error, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// The first two bytes of every gzip file (RFC 1952, section 2.3.1).
pub const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// Unpacks all members of a stream.
pub struct Gunzip<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    /// Of a stream that begins with [`MAGIC`].
    pub fn new(stream: R) -> Self {
        Self { member: Some(GzDecoder::new(stream)) }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let got = member.read(buffer)?;
            if got > 0 {
                return Ok(got);
            }
            // The member is over, and its checksum was right.
            let Some(ended) = self.member.take() else { break };
            let mut stream = ended.into_inner();
            match stream.fill_buf()? {
                [] => {}
                [0, ..] => padding(&mut stream)?,
                [first, ..] if *first == MAGIC[0] => self.member = Some(GzDecoder::new(stream)),
                _ => return Err(trailing()),
            }
        }
        Ok(0)
    }
}

/// Zeros up to the end.
fn padding(stream: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let bytes = stream.fill_buf()?;
        if bytes.iter().any(|b| *b != 0) {
            return Err(trailing());
        }
        let n = bytes.len();
        if n == 0 {
            return Ok(());
        }
        stream.consume(n);
    }
}

fn trailing() -> Error {
    Error::new(ErrorKind::InvalidData, "something that is not gzip follows the packed data")
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use super::*;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(content).unwrap();
        gz.finish().unwrap()
    }

    /// Through a small buffer, so that everything falls on its edge once.
    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut all = None;
        for size in 1..40 {
            let mut out = Vec::new();
            let read = Gunzip::new(BufReader::with_capacity(size, bytes)).read_to_end(&mut out);
            let this = read.map(|_| out).map_err(|e| e.to_string());
            assert!(all.as_ref().is_none_or(|a| *a == this));
            all = Some(this);
        }
        all.unwrap()
    }

    #[test]
    fn members_follow_each_other_and_zeros_are_padding() {
        let (a, b) = (packed(b"spikes"), packed(b" and traces"));
        let two = [&a[..], &b].concat();
        assert_eq!(unpacked(&a).unwrap(), b"spikes");
        assert_eq!(unpacked(&two).unwrap(), b"spikes and traces");
        for zeros in [1, 2, 512, 10_240] {
            assert_eq!(
                unpacked(&[&two[..], &vec![0; zeros]].concat()).unwrap(),
                b"spikes and traces"
            );
        }
        let empty = [&packed(b"")[..], &a].concat();
        assert_eq!(unpacked(&empty).unwrap(), b"spikes");
    }

    #[test]
    fn anything_else_behind_is_told() {
        let a = packed(b"spikes");
        for garbage in [&b"x"[..], b"\0\0x", b"PK", b"\0\x1f\x8b"] {
            let error = unpacked(&[&a[..], garbage].concat()).unwrap_err();
            assert!(error.contains("not gzip follows"), "{garbage:?}: {error}");
        }
        assert!(unpacked(&[&a[..], &MAGIC].concat()).is_err());
        assert!(unpacked(&a[..a.len() - 3]).is_err());
    }
}
