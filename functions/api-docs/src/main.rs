//! `GET /openapi.json`: wiring.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    lambda_kit::boot().env.finish()?;
    lambda_kit::serve_http!((), api_docs::handle)
}
