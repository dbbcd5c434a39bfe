//! Enough of an HTTP/1.1 server for programs that we started ourselves: keep-alive, bodies by length or in chunks.

use std::io::{self, BufRead, Read as _, Write};

/// The largest body that is taken.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest line of a head, and the most lines.
const LINE_BYTES_MAX: u64 = 64 * 1024;
const HEADERS_MAX: usize = 100;

/// A request that has been read to its end.
pub(crate) struct Request {
    /// `GET`, `POST`, …
    pub(crate) method: String,
    /// Path and query as they came.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The first header of that name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the next request of a connection; `None` when the other side has closed it.
///
/// # Errors
/// The connection breaks, or what comes is not HTTP/1.1 within the bounds.
pub(crate) fn read_request(input: &mut impl BufRead) -> io::Result<Option<Request>> {
    let start = read_line(input)?;
    let mut words = start.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, path) = (method.to_owned(), path.to_owned());
    let headers = read_headers(input)?;
    let mut request = Request { method, path, headers, body: Vec::new() };
    request.body = read_body(input, &request.headers)?;
    Ok(Some(request))
}

/// Reads header lines up to the empty one.
///
/// # Errors
/// As `read_request`.
pub(crate) fn read_headers(input: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(input)?;
        if line.is_empty() {
            return Ok(headers);
        }
        if headers.len() == HEADERS_MAX {
            return Err(io::Error::other("too many headers"));
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| io::Error::other("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Reads a body as its headers announce it.
///
/// # Errors
/// As `read_request`.
pub(crate) fn read_body(input: &mut impl BufRead, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
    let header =
        |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return read_chunks(input);
    }
    let length = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    read_exactly(input, length, &mut body)?;
    Ok(body)
}

/// Writes an answer whole.
///
/// # Errors
/// The connection breaks.
pub(crate) fn write_response(
    output: &mut impl Write,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    output.write_all(&bytes)
}

fn read_chunks(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(input)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        read_exactly(input, size, &mut body)?;
        // The line end after the chunk, or the one that ends an empty trailer.
        read_line(input)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn read_exactly(input: &mut impl BufRead, size: usize, body: &mut Vec<u8>) -> io::Result<()> {
    let from = body.len();
    if size > BODY_BYTES_MAX.saturating_sub(from) {
        return Err(io::Error::other("the body is too large"));
    }
    body.resize(from + size, 0);
    input.read_exact(&mut body[from..])
}

/// One line without its end; empty at the end of the connection, too.
pub(crate) fn read_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.take(LINE_BYTES_MAX).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_by_length_and_in_chunks_read_the_same() {
        for text in [
            "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET",
            "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=1\r\nllo\r\n0\r\n\r\nGET",
        ] {
            let mut input = text.as_bytes();
            let request = read_request(&mut input).expect("is HTTP").expect("is there");
            assert_eq!((request.path.as_str(), request.body.as_slice()), ("/a", b"hello".as_slice()));
            assert_eq!(input, b"GET");
        }
    }

    #[test]
    fn a_closed_connection_is_no_request() {
        assert!(read_request(&mut b"".as_slice()).expect("is no error").is_none());
    }
}
