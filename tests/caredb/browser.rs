//! A Chromium without a window, spoken to by the protocol of its developer tools over a pipe: JSON messages that end with a zero byte.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Killed, temporary};

/// One page in a browser of its own.
pub struct Browser {
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    number: u64,
    events: VecDeque<Value>,
    folder: PathBuf,
    _child: Killed,
}

/// It listens at 3 and answers at 4; what else it says goes to a file.
const START: &str = r#"log=$1; shift; exec "$@" 3<&0 4>&1 </dev/null >"$log" 2>&1"#;

impl Browser {
    /// The browser that `dev/browser` provides. None where a person said that there is none.
    pub fn open(name: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("dev/browser");
        let output = Command::new(&script).stderr(Stdio::inherit()).output().unwrap();
        assert!(
            output.status.success(),
            "`dev/browser` provides no browser: this test needs one, or CAREDB_BROWSER=none"
        );
        let program = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        if program == "none" {
            eprintln!("NOT TESTED: the page in a browser, since CAREDB_BROWSER=none");
            return None;
        }
        let folder = temporary(name);
        let mut command = Command::new("bash");
        command.args(["-c", START, "browser"]).arg(folder.join("log")).arg(program);
        // root has no sandbox
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"]);
        command.args(["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display())).arg("about:blank");
        command.env("HOME", &folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut answers = BufReader::new(answers);
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let events = VecDeque::new();
        let mut browser = Self { to, from, session: None, number: 0, events, folder, _child: Killed(child) };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    fn next(&self) -> Value {
        let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        self.from.recv_timeout(Duration::from_mins(2)).unwrap_or_else(|error| panic!("no answer: {error}\n{}", log()))
    }

    /// Calls a method, and gives its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.next();
            if answer["id"] == json!(self.number) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push_back(answer);
        }
    }

    /// Opens a file and waits until it is there.
    pub fn open_file(&mut self, file: &Path) {
        self.call("Page.navigate", &json!({ "url": "about:blank" }));
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        // `about:blank` is loaded, too, and its event may come late
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired")
            || self.value("location.protocol + document.readyState") != json!("file:complete")
        {
            if !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
                let event = self.next();
                self.events.push_back(event);
            }
        }
    }

    /// The width and height of the window, and what the reader's system says of colours.
    pub fn look(&mut self, (width, height): (u32, u32), scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let result = self.call("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true }));
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// The text that an expression in the page gives.
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Presses a key: `Enter`, `/`.
    pub fn press(&mut self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Types a text where the focus is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Clicks where an element is, which is brought into sight.
    pub fn click(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'center', inline: 'center' }});
               const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        );
        let place = self.value(&place);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// What the console says, what failed, and what was asked of a network since the page was opened.
    pub fn complaints(&mut self) -> Vec<String> {
        self.value("1"); // what was said before this has arrived
        let complains = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => true,
            Some("Network.requestWillBeSent") => {
                let url = event["params"]["request"]["url"].as_str().unwrap();
                event["params"]["type"] != "Document" || !(url.starts_with("file:") || url == "about:blank")
            }
            _ => false,
        };
        self.events.iter().filter(complains).map(Value::to_string).collect()
    }

    /// A picture of the whole page, PNG in base64.
    pub fn picture(&mut self) -> String {
        let picture = self.call("Page.captureScreenshot", &json!({ "captureBeyondViewport": true, "format": "png" }));
        picture["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        // it ends its own processes before it goes
        while self.from.recv_timeout(Duration::from_secs(10)).is_ok() {}
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
