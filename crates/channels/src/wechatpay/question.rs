//! The question of a check-up: the platform's certificates, whose answer is signed.

use super::call::Call;
use super::conversation::{Taking, certificates_of, exchange, read};
use super::{Credentials, Heard, Trust};
use crate::checkup::Asked;
use crate::line::Line;
use tk_formats::wechatpay::reply::Reply;

pub(crate) async fn ask(line: &Line<'_>, credentials: &Credentials) -> Asked {
    let Ok(wire) = Call::Certificates.wire(&credentials.settings, line.now_us) else {
        return Asked::Unheard("not_sent", String::new());
    };
    let exchanged = match exchange(line, credentials, wire, Taking::Answer).await {
        Ok(exchanged) => exchanged,
        Err(heard) => return unheard(&heard),
    };
    let keys = credentials.platform.keys();
    if exchanged.status == 200 && credentials.settings.trust != Trust::PublicKey {
        return match certificates_of(&exchanged, credentials, line.now_us) {
            Ok(count) => Asked::Answered(format!("{count} certificates")),
            Err(why) => Asked::Refused("certificates_refused", why),
        };
    }
    match read(&exchanged, &keys, line.now_us) {
        Ok(Reply::Done { .. }) => Asked::Answered(exchanged.status.to_string()),
        Ok(Reply::Refused(refusal)) => match refusal.code.as_str() {
            "SIGN_ERROR" => Asked::Refused("our_key_refused", refusal.code),
            "MCH_NOT_EXISTS" | "APPID_MCHID_NOT_MATCH" | "NO_AUTH" => {
                Asked::Refused("merchant_unknown", refusal.code)
            }
            // A merchant who only ever had the public key has no certificates to download.
            "RESOURCE_NOT_EXISTS" if credentials.settings.trust == Trust::PublicKey => {
                Asked::Answered(refusal.code)
            }
            _ => Asked::Refused("refused", refusal.code),
        },
        Err(error) => Asked::Unverified(error.to_string()),
    }
}

fn unheard(heard: &Heard) -> Asked {
    let code = match heard {
        Heard::Timeout => "timeout",
        Heard::Connection => "unreachable",
        Heard::HttpStatus(_) => "http_status",
        Heard::Unreadable(_) | Heard::NotSent(_) | Heard::Done(_) | Heard::Bridge(_) | Heard::Refused(_) => {
            "not_sent"
        }
    };
    Asked::Unheard(code, heard.summary())
}
