//! For `make`: builds the control plane where that is still to do, and prints the path of its binary; or runs a
//! bare one, `control-plane run DIR`, until Ctrl-C.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use vestibule_control_plane::{ControlPlane, Options, ensure_binary};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let options = Options::from_env()?;
    match arguments {
        [] => {
            if let Some(binary) = ensure_binary(&options).await? {
                println!("{}", binary.display());
            }
        }
        [verb, dir] if verb == "run" => {
            let control_plane = ControlPlane::start(Path::new(dir), &options).await?;
            println!("export KUBECONFIG={}", control_plane.kubeconfig().display());
            tokio::signal::ctrl_c().await?;
            control_plane.stop().await?;
        }
        _ => return Err("Usage: control-plane [run DIR]".into()),
    }
    Ok(())
}
