//! The few commands of NBAPI that the baseline needs.

use std::fmt::Write;
use std::time::Duration;

use jiff::civil::Date;
use tokio::sync::Mutex;

const PATH: &str = "/nbws/goforms/nbapi";

/// One account on one controller.
pub(super) struct NetBox {
    http: reqwest::Client,
    url: String,
    username: String,
    password: String,
    session: Mutex<Option<String>>,
}

/// A person to create.
pub(super) struct Guest<'a> {
    pub(super) id: &'a str,
    pub(super) first_name: &'a str,
    pub(super) last_name: &'a str,
    pub(super) email: &'a str,
    pub(super) day: Date,
    pub(super) groups: &'a [String],
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the NetBox did not answer: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the NetBox refused {0}")]
    Refused(&'static str),
}

impl NetBox {
    pub(super) fn new(url: &str, username: &str, password: &str) -> Result<Self, Error> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let (username, password) = (username.to_owned(), password.to_owned());
        Ok(Self { http, url: format!("{url}{PATH}"), username, password, session: Mutex::default() })
    }

    /// Whether there is a living person of this id.
    pub(super) async fn has(&self, id: &str) -> Result<bool, Error> {
        let answer = self.call("GetPerson", &format!("<PERSONID>{id}</PERSONID>")).await?;
        if answer.contains("NOT FOUND") {
            return Ok(false);
        }
        if !is_success(&answer) {
            return Err(Error::Refused("GetPerson"));
        }
        Ok(!answer.contains("<DELETED>TRUE</DELETED>"))
    }

    /// Creates a person for one day.
    pub(super) async fn add(&self, guest: &Guest<'_>) -> Result<(), Error> {
        let Guest { id, first_name, last_name, email, day, groups } = guest;
        let levels = groups.iter().fold(String::new(), |mut xml, group| {
            let _ = write!(xml, "<ACCESSLEVEL>{}</ACCESSLEVEL>", escape(group));
            xml
        });
        let params = format!(
            "<PERSONID>{id}</PERSONID><FIRSTNAME>{}</FIRSTNAME><LASTNAME>{}</LASTNAME>\
             <CONTACTEMAIL>{}</CONTACTEMAIL><ACTDATE>{day} 00:00</ACTDATE><EXPDATE>{} 00:00</EXPDATE>\
             <ACCESSLEVELS>{levels}</ACCESSLEVELS>",
            escape(first_name),
            escape(last_name),
            escape(email),
            day.tomorrow().unwrap_or(*day)
        );
        let answer = self.call("AddPerson", &params).await?;
        is_success(&answer).then_some(()).ok_or(Error::Refused("AddPerson"))
    }

    /// Removes a person.
    pub(super) async fn remove(&self, id: &str) -> Result<(), Error> {
        let answer = self.call("RemovePerson", &format!("<PERSONID>{id}</PERSONID>")).await?;
        is_success(&answer).then_some(()).ok_or(Error::Refused("RemovePerson"))
    }

    /// Sends one command, and repeats it with a new session if the old one has ended.
    async fn call(&self, name: &'static str, params: &str) -> Result<String, Error> {
        let session = self.session(None).await?;
        let answer = self.post(Some(&session), name, params).await?;
        if !answer.contains("<APIERROR>") {
            return Ok(answer);
        }
        let session = self.session(Some(&session)).await?;
        self.post(Some(&session), name, params).await
    }

    async fn session(&self, expired: Option<&str>) -> Result<String, Error> {
        let mut session = self.session.lock().await;
        if let Some(known) = session.as_ref().filter(|known| expired != Some(known.as_str())) {
            return Ok(known.clone());
        }
        let params = format!(
            "<USERNAME>{}</USERNAME><PASSWORD>{}</PASSWORD>",
            escape(&self.username),
            escape(&self.password)
        );
        let answer = self.post(None, "Login", &params).await?;
        let id = answer.split("sessionid=\"").nth(1).and_then(|rest| rest.split('"').next());
        let id = id.ok_or(Error::Refused("Login"))?.to_owned();
        Ok(session.insert(id).clone())
    }

    async fn post(&self, session: Option<&str>, name: &str, params: &str) -> Result<String, Error> {
        let session = session.map(|id| format!(" sessionid=\"{id}\"")).unwrap_or_default();
        let body = format!(
            "<NETBOX-API{session}><COMMAND name=\"{name}\" num=\"1\"><PARAMS>{params}</PARAMS></COMMAND></NETBOX-API>"
        );
        let request = self.http.post(&self.url).header("content-type", "text/xml; charset=utf-8").body(body);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }
}

fn is_success(answer: &str) -> bool {
    answer.contains("<CODE>SUCCESS</CODE>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
