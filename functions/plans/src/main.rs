//! `GET /plans`: wiring.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    lambda_kit::boot().env.finish()?;
    lambda_kit::serve_http!(catalogue::catalogue(), plans::handle)
}
