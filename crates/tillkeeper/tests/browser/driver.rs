//! A browser driven by WebDriver (W3C): Debian's chromium behind its own chromedriver on a free port.

use reqwest::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How often a condition is looked at, and how many times at most (a minute).
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS_MAX: u32 = 600;

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/126.0.0.0 Mobile Safari/537.36";

/// How WeChat's browser names itself.
pub fn wechat() -> String {
    format!("{PHONE} MicroMessenger/8.0.49")
}

/// A running chromedriver; ended by its own pid.
pub struct Driver {
    process: Child,
    url: String,
    client: Client,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What kind of browser.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of the browser")]
pub struct Kind {
    pub language: &'static str,
    pub width: u32,
    pub height: u32,
    pub phone: bool,
    pub dark: bool,
    pub script: bool,
    /// Whether the browser names itself as WeChat's.
    pub wechat: bool,
}

impl Kind {
    pub const PC: Self = Self {
        language: "zh-CN",
        width: 1366,
        height: 768,
        phone: false,
        dark: false,
        script: true,
        wechat: false,
    };
    pub const PHONE: Self = Self { width: 390, height: 844, phone: true, ..Self::PC };
    pub const WECHAT: Self = Self { wechat: true, ..Self::PHONE };
}

/// One browser with a user-data directory of its own.
pub struct Browser {
    client: Client,
    session: String,
    _user_data: TempDir,
}

impl Driver {
    pub fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (apt-get install chromium-driver)");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                Some(line.split_once("started successfully on port ")?.1.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver names its port");
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(90)).build().unwrap();
        Self { process, url: format!("http://127.0.0.1:{port}"), client }
    }

    pub async fn open(&self, kind: Kind) -> Browser {
        let user_data = TempDir::new().unwrap();
        let body = json!({ "capabilities": { "alwaysMatch": capabilities(kind, user_data.path()) } });
        let answer = command(&self.client, &format!("{}/session", self.url), Some(&body)).await;
        let id = answer["sessionId"].as_str().unwrap();
        let session = format!("{}/session/{id}", self.url);
        Browser { client: self.client.clone(), session, _user_data: user_data }
    }
}

fn capabilities(kind: Kind, user_data: &Path) -> Value {
    let mut args = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--user-data-dir={}", user_data.display()),
        format!("--window-size={},{}", kind.width, kind.height),
        format!("--accept-lang={}", kind.language),
    ];
    if kind.wechat && !kind.phone {
        args.push(format!("--user-agent={}", wechat()));
    }
    if kind.dark {
        args.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let script = if kind.script { 1 } else { 2 };
    let mut options = json!({
        "args": args,
        "prefs": {
            "intl.accept_languages": kind.language,
            "profile.managed_default_content_settings.javascript": script,
        },
    });
    if kind.phone {
        options["mobileEmulation"] = json!({
            "deviceMetrics": { "width": kind.width, "height": kind.height, "pixelRatio": 2.0 },
            "userAgent": if kind.wechat { wechat() } else { PHONE.to_owned() },
        });
    }
    json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } })
}

async fn command(client: &Client, url: &str, body: Option<&Value>) -> Value {
    tried(client, url, body).await.unwrap_or_else(|error| panic!("{url}: {error}"))
}

async fn tried(client: &Client, url: &str, body: Option<&Value>) -> Result<Value, String> {
    let request = match body {
        Some(body) => client.post(url).json(body),
        None => client.get(url),
    };
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    match answer["value"]["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", answer["value"]["message"])),
        None => Ok(answer["value"].clone()),
    }
}

impl Browser {
    async fn post(&self, path: &str, body: &Value) -> Value {
        command(&self.client, &format!("{}{path}", self.session), Some(body)).await
    }

    pub async fn goto(&self, url: &str) {
        self.post("/url", &json!({ "url": url })).await;
    }

    pub async fn address(&self) -> String {
        let url = format!("{}/url", self.session);
        command(&self.client, &url, None).await.as_str().unwrap().to_owned()
    }

    pub async fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] })).await
    }

    async fn find(&self, css: &str) -> Option<String> {
        let url = format!("{}/element", self.session);
        let body = json!({ "using": "css selector", "value": css });
        let found = tried(&self.client, &url, Some(&body)).await.ok()?;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    /// Waits until the selector names something.
    pub async fn wait(&self, css: &str) -> String {
        for _ in 0..LOOKS_MAX {
            if let Some(element) = self.find(css).await {
                return element;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("{css} never came; the page at {} is\n{}", self.address().await, self.body().await);
    }

    pub async fn wait_for_address(&self, part: &str) {
        for _ in 0..LOOKS_MAX {
            if self.address().await.contains(part) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("never at {part}, but at {}", self.address().await);
    }

    /// Does something with what the selector names; a page that was replaced in between is looked at again.
    async fn on(&self, css: &str, (act, body): (&str, Option<&Value>)) -> Value {
        let mut stale = String::new();
        for _ in 0..LOOKS_MAX {
            let element = self.wait(css).await;
            let url = format!("{}/element/{element}/{act}", self.session);
            match tried(&self.client, &url, body).await {
                Ok(answer) => return answer,
                Err(error) if error.starts_with("stale element reference") => stale = error,
                Err(error) => panic!("{url}: {error}"),
            }
        }
        panic!("{css}: {stale}");
    }

    pub async fn click(&self, css: &str) {
        self.on(css, ("click", Some(&json!({})))).await;
    }

    /// Types into a field, or names the file of a file field.
    pub async fn fill(&self, css: &str, text: &str) {
        self.on(css, ("value", Some(&json!({ "text": text })))).await;
    }

    pub async fn text(&self, css: &str) -> String {
        self.on(css, ("text", None)).await.as_str().unwrap().to_owned()
    }

    pub async fn body(&self) -> String {
        for _ in 0..LOOKS_MAX {
            if let Some(element) = self.find("body").await {
                let url = format!("{}/element/{element}/text", self.session);
                // A page that was replaced in between is looked at again.
                if let Ok(text) = tried(&self.client, &url, None).await {
                    return text.as_str().unwrap_or_default().to_owned();
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        String::new()
    }

    /// Presses one key, as the WebDriver code of it (`\u{E004}` is Tab, `\u{E006}` Enter).
    pub async fn press(&self, key: char) {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.post("/actions", &body).await;
    }

    /// Writes a picture of the whole page into the folder that `TILLKEEPER_SCREENSHOTS` names, if any.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("TILLKEEPER_SCREENSHOTS") else { return };
        let size =
            self.run("const d = document.documentElement; return [d.clientWidth, d.scrollHeight]").await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let params = json!({ "captureBeyondViewport": true, "clip": clip });
        let shot = json!({ "cmd": "Page.captureScreenshot", "params": params });
        let taken = self.post("/goog/cdp/execute", &shot).await;
        let bytes = base64(taken["data"].as_str().unwrap());
        std::fs::write(Path::new(&folder).join(name), bytes).unwrap();
    }

    /// What the browser complained about: refused scripts, styles, requests, exceptions.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        // A form that was refused comes with its status, which the browser mentions.
        let severe = entries.iter().filter(|entry| {
            entry["level"] == "SEVERE" && !entry["message"].to_string().contains("status of 422")
        });
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    pub async fn close(self) {
        let _ = self.client.delete(&self.session).send().await;
    }
}

fn base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let kept: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').collect();
    let mut bytes = Vec::with_capacity(kept.len() / 4 * 3);
    for four in kept.chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, byte| bits << 6 | value(*byte)) << (6 * (4 - four.len()));
        bytes.extend(bits.to_be_bytes()[1..].iter().take(four.len() - 1));
    }
    bytes
}
