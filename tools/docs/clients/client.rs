// cargo run -- SOCKET KEY-FILE
// [dependencies] hyper = { version = "0.14", features = ["client", "http2", "runtime"] }
//                tokio = { version = "1", features = ["net", "rt-multi-thread", "macros"] }
use hyper::{body, client::conn, Body, Request};
use tokio::net::UnixStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let key = std::fs::read_to_string(&arguments[2])?;
    let stream = UnixStream::connect(&arguments[1]).await?;
    let (mut relay, connection) = conn::Builder::new().http2_only(true).handshake(stream).await?;
    tokio::spawn(connection);

    let request = Request::get("http://localhost/v1/orders?limit=2")
        .header("authorization", format!("Bearer {}", key.trim()))
        .body(Body::empty())?;
    let answer = relay.send_request(request).await?;
    let status = answer.status();
    let text = String::from_utf8(body::to_bytes(answer.into_body()).await?.to_vec())?;
    if status != 200 {
        return Err(format!("{status} {text}").into());
    }
    println!("{text}");
    Ok(())
}
