//! A server that answers every request with the same HTTP response, to see how an adapter takes it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Starts one on the running tokio runtime, which ends it; returns its URL.
pub(crate) async fn answering(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            read_request(&mut connection).await;
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            connection.write_all(format!("{head}{body}").as_bytes()).await.ok();
        }
    });
    url
}

/// Reads a whole request: closing a connection with unread bytes would reset it.
async fn read_request(connection: &mut tokio::net::TcpStream) {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match connection.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return;
        }
    }
}
