//! Whom caredb believes to be the server: certificates that are shown to it, over TCP. They lie in `tls/`, with what made them.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::support::{Server, command, rows_at, show};

/// A server of its own, and what it shows.
struct Clinic {
    server: Server,
    port: u16,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caredb/tls").join(name)
}

impl Clinic {
    fn start() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        // it takes an expired certificate when it starts, and not later
        let options = [
            "--skip-networking=OFF".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={port}"),
            format!("--ssl-ca={}", file("ca.pem").display()),
            format!("--ssl-cert={}", file("expired.pem").display()),
            format!("--ssl-key={}", file("key.pem").display()),
        ];
        let server = Server::start("tls", &options.each_ref().map(String::as_str));
        rows_at(
            &server.socket(),
            "CREATE DATABASE clinic; CREATE USER clerk IDENTIFIED BY 'c4n4ry'; GRANT ALL ON clinic.* TO clerk",
        );
        Self { server, port }
    }

    /// From now on it shows this certificate; none: it has no TLS.
    fn shows(&self, certificate: Option<&str>) {
        let sql = match certificate {
            Some(name) => format!("SET GLOBAL ssl_cert = '{}'; ALTER INSTANCE RELOAD TLS", file(name).display()),
            None => "SET GLOBAL tls_version = ''; ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR".to_owned(),
        };
        rows_at(&self.server.socket(), &sql);
    }

    /// What comes of connecting to it by these hosts and parameters. The system's only CA is that of `known`.
    fn tried(&self, known: &str, by: &[(&str, &str)]) -> String {
        let mut answers = String::new();
        for (host, parameters) in by {
            let parameters = parameters.replace("ssl-ca=", &format!("ssl-ca={}", file("").display()));
            let url = format!("mysql://clerk:c4n4ry@{host}:{}/clinic{parameters}", self.port);
            let output = command(&self.server.folder)
                .args(["info", "--url", &url])
                .env("SSL_CERT_FILE", file(known))
                .env_remove("SSL_CERT_DIR")
                .output()
                .unwrap();
            let text = show(&output).replace(&format!(":{}", self.port), ":<port>");
            assert!(!text.contains("c4n4ry"), "{text}");
            let text = text.replace(&file("").display().to_string(), "<tls>");
            let said = match text.split_once("\n--- stderr\n") {
                Some((code, error)) => format!("{code}, {error}"),
                None => text.lines().next().unwrap_or_default().to_owned(),
            };
            let parameters = parameters.replace(&file("").display().to_string(), "");
            answers.push_str(&format!("{host}{parameters}: {said}\n"));
        }
        answers
    }
}

/// Loopback, and a host that is none by its address (RFC 1122: "this host on this network", which Linux takes for itself).
const NEAR: &str = "127.0.0.1";
const FAR: &str = "0.0.0.0";

#[test]
fn a_server_must_prove_who_it_is() {
    let clinic = Clinic::start();
    let mut answers = String::new();
    let mut case = |what: &str, certificate: Option<&str>, known, by: &[(&str, &str)]| {
        if certificate != Some("expired.pem") {
            clinic.shows(certificate);
        }
        answers.push_str(&format!("- {what}\n{}", clinic.tried(known, by)));
    };
    case(
        "expired",
        Some("expired.pem"),
        "ca.pem",
        &[(FAR, ""), (FAR, "?ssl-mode=verify-ca"), (FAR, "?ssl-mode=required"), (NEAR, "?ssl-ca=ca.pem")],
    );
    case("of a known CA, for the host", Some("good.pem"), "ca.pem", &[(FAR, ""), (NEAR, "?ssl-ca=ca.pem")]);
    case(
        "of an unknown CA",
        Some("good.pem"),
        "other.pem",
        &[
            (FAR, ""),
            (FAR, "?ssl-ca=other.pem"),
            (FAR, "?ssl-ca=ca.pem"),
            (FAR, "?ssl-mode=verify-ca"),
            (FAR, "?ssl-mode=required"),
            (FAR, "?ssl-mode=preferred"),
            (NEAR, ""),
            (NEAR, "?ssl-mode=verify-identity"),
            (NEAR, "?ssl-ca=nowhere.pem"),
            (NEAR, "?ssl-ca=key.pem"),
        ],
    );
    case(
        "for another host",
        Some("elsewhere.pem"),
        "ca.pem",
        &[(FAR, ""), (FAR, "?ssl-mode=verify-ca"), (NEAR, "?ssl-ca=ca.pem"), (NEAR, "")],
    );
    case(
        "no TLS at all",
        None,
        "ca.pem",
        &[
            (FAR, ""),
            (FAR, "?ssl-mode=verify-ca"),
            (FAR, "?ssl-mode=required"),
            (FAR, "?ssl-mode=preferred"),
            (FAR, "?ssl-mode=disabled"),
            (NEAR, "?ssl-ca=ca.pem"),
            (NEAR, ""),
        ],
    );
    assert_snapshot!(answers, @r#"
    - expired
    0.0.0.0: exit 2, error: no safe connection to `0.0.0.0:<port>` (its certificate has expired); have it renewed there, or see whether this machine's clock is right
    0.0.0.0?ssl-mode=verify-ca: exit 2, error: no safe connection to `0.0.0.0:<port>` (its certificate has expired); have it renewed there, or see whether this machine's clock is right
    0.0.0.0?ssl-mode=required: exit 0
    127.0.0.1?ssl-ca=ca.pem: exit 2, error: no safe connection to `127.0.0.1:<port>` (its certificate has expired); have it renewed there, or see whether this machine's clock is right
    - of a known CA, for the host
    0.0.0.0: exit 0
    127.0.0.1?ssl-ca=ca.pem: exit 0
    - of an unknown CA
    0.0.0.0: exit 2, error: no safe connection to `0.0.0.0:<port>` (its certificate is from a CA that is not known here); name the CA's file with `?ssl-ca=FILE`, or do without proof of its identity by `?ssl-mode=required`
    0.0.0.0?ssl-ca=other.pem: exit 2, error: no safe connection to `0.0.0.0:<port>` (its certificate is from a CA that is not known here); name the CA's file with `?ssl-ca=FILE`, or do without proof of its identity by `?ssl-mode=required`
    0.0.0.0?ssl-ca=ca.pem: exit 0
    0.0.0.0?ssl-mode=verify-ca: exit 2, error: no safe connection to `0.0.0.0:<port>` (its certificate is from a CA that is not known here); name the CA's file with `?ssl-ca=FILE`, or do without proof of its identity by `?ssl-mode=required`
    0.0.0.0?ssl-mode=required: exit 0
    0.0.0.0?ssl-mode=preferred: exit 0
    127.0.0.1: exit 0
    127.0.0.1?ssl-mode=verify-identity: exit 2, error: no safe connection to `127.0.0.1:<port>` (its certificate is from a CA that is not known here); name the CA's file with `?ssl-ca=FILE`, or do without proof of its identity by `?ssl-mode=required`
    127.0.0.1?ssl-ca=nowhere.pem: exit 2, error: could not read `<tls>nowhere.pem`, the CA of `ssl-ca`: no such file or directory (os error 2); correct the path in the URL
    127.0.0.1?ssl-ca=key.pem: exit 2, error: could not read `<tls>key.pem`, the CA of `ssl-ca`: it holds no certificate in PEM; correct the path in the URL
    - for another host
    0.0.0.0: exit 2, error: no safe connection to `0.0.0.0:<port>` (certificate not valid for name "0.0.0.0"; certificate is only valid for DnsName("db.example")); connect by a name that it is for, or, where the CA signs for nobody else, say `?ssl-mode=verify-ca`
    0.0.0.0?ssl-mode=verify-ca: exit 0
    127.0.0.1?ssl-ca=ca.pem: exit 2, error: no safe connection to `127.0.0.1:<port>` (certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("db.example")); connect by a name that it is for, or, where the CA signs for nobody else, say `?ssl-mode=verify-ca`
    127.0.0.1: exit 0
    - no TLS at all
    0.0.0.0: exit 2, error: no safe connection to `0.0.0.0:<port>` (it has no TLS); have it switched on there (`tls_version`, `ssl_cert`), or say `?ssl-mode=preferred` where nobody can listen in between
    0.0.0.0?ssl-mode=verify-ca: exit 2, error: no safe connection to `0.0.0.0:<port>` (it has no TLS); have it switched on there (`tls_version`, `ssl_cert`), or say `?ssl-mode=preferred` where nobody can listen in between
    0.0.0.0?ssl-mode=required: exit 2, error: no safe connection to `0.0.0.0:<port>` (it has no TLS); have it switched on there (`tls_version`, `ssl_cert`), or say `?ssl-mode=preferred` where nobody can listen in between
    0.0.0.0?ssl-mode=preferred: exit 0
    0.0.0.0?ssl-mode=disabled: exit 0
    127.0.0.1?ssl-ca=ca.pem: exit 2, error: no safe connection to `127.0.0.1:<port>` (it has no TLS); have it switched on there (`tls_version`, `ssl_cert`), or say `?ssl-mode=preferred` where nobody can listen in between
    127.0.0.1: exit 0
    "#);
}
