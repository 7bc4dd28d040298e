//! Calls a running NetBox simulator at a steady rate and prints how long answers take.
//!
//! `cargo run --release -p vestibule-sim --example load -- URL [CALLS_A_SECOND] [SECONDS]`
//! (`docs/simulators.md` has the numbers of one run; no test depends on time.)

use std::time::{Duration, Instant};

use reqwest::Client;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn document(session: &str, name: &str, params: &str) -> String {
    format!(
        "<NETBOX-API sessionid=\"{session}\"><COMMAND name=\"{name}\" num=\"1\"><PARAMS>{params}</PARAMS></COMMAND></NETBOX-API>"
    )
}

async fn call(http: &Client, url: &str, body: String) -> Result<(Duration, String), Failure> {
    let start = Instant::now();
    let text = http.post(url).body(body).send().await?.error_for_status()?.text().await?;
    Ok((start.elapsed(), text))
}

/// The mix of calls of a day: people added with a card and removed, people read, pages listed, the log polled.
fn body(session: &str, n: u64) -> String {
    let (id, number) = (format!("load-{}", n / 10), 1_000_000 + n / 10);
    let person = format!("<PERSONID>{id}</PERSONID>");
    match n % 10 {
        0 => document(
            session,
            "AddPerson",
            &format!("{person}<LASTNAME>Load</LASTNAME><EXPDATE>2030-01-01 00:00</EXPDATE>"),
        ),
        1 => document(
            session,
            "AddCredential",
            &format!("{person}<CARDFORMAT>Visitor 32 bit</CARDFORMAT><ENCODEDNUM>{number}</ENCODEDNUM>"),
        ),
        2 => document(
            session,
            "SearchPersonData",
            &format!("<DELETED>FALSE</DELETED><STARTFROMKEY>{}</STARTFROMKEY>", n % 9000),
        ),
        3 => document(session, "GetAccessHistory", "<MAXRECORDS>50</MAXRECORDS>"),
        4 => document(session, "SearchPersonData", "<DELETED>FALSE</DELETED><UDF1>Harbor Capital</UDF1>"),
        9 => document(session, "RemovePerson", &person),
        _ => document(session, "GetPerson", &person),
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let base = arguments.next().ok_or("the URL of a simulator is missing")?;
    let rate: u64 = arguments.next().map_or(Ok(200), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let (http, url) = (Client::new(), format!("{base}/nbws/goforms/nbapi"));
    let login = document("", "Login", "<USERNAME>sim</USERNAME><PASSWORD>sim</PASSWORD>");
    let (_, answer) = call(&http, &url, login).await?;
    let session = answer.split('"').nth(1).ok_or("no session")?.to_owned();
    let mut every = tokio::time::interval(Duration::from_secs_f64(1.0 / f64::from(u32::try_from(rate)?)));
    let start = Instant::now();
    let mut tasks = Vec::new();
    for n in 0..rate * seconds {
        every.tick().await;
        let (http, url, body) = (http.clone(), url.clone(), body(&session, n));
        tasks.push(tokio::spawn(async move { call(&http, &url, body).await }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.push(task.await??.0);
    }
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{} calls in {:.1?}: median {:.1?}, 99 % {:.1?}, slowest {:.1?}",
        times.len(),
        start.elapsed(),
        at(50),
        at(99),
        at(100)
    );
    Ok(())
}
