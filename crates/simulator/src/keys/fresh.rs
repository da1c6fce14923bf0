//! Fresh keys of every channel, both sides, by the file names that the sandbox reads.

use std::fs;
use std::path::Path;

use aws_lc_rs::rand;

use super::certificate::{Issuer, Role, Term, issue};
use super::pair::Pair;
use super::{KeysError, wechat, write_private};
use crate::unionpay::keys as unionpay;

const DAY_US: i64 = 86_400_000_000;
/// Valid since before any history that a demo makes.
const SINCE_DAYS: i64 = 400;
/// How long they stay valid.
const FOR_DAYS: i64 = 1_800;
/// The name of certificates of UnionPay's test gateway.
const GATEWAY_NAME: &str = "041@Z00040000@00040000:SIGN@00000001";

/// Makes what is missing of the keys of Alipay, WeChat Pay, UnionPay and the bank; whole sets only, what is there stays.
pub fn complete(folder: &Path, now_us: i64) -> Result<(), KeysError> {
    fs::create_dir_all(folder).map_err(|source| KeysError::File { path: folder.to_owned(), source })?;
    let term = Term { from_us: now_us - SINCE_DAYS * DAY_US, until_us: now_us + FOR_DAYS * DAY_US };
    if !folder.join(super::PLATFORM_PRIVATE_FILE).exists() {
        alipay_set(folder, term)?;
    }
    if !folder.join(wechat::PLATFORM_PRIVATE_FILE).exists() {
        wechat_set(folder, term)?;
    }
    if !folder.join(unionpay::GATEWAY_PRIVATE_FILE).exists() {
        unionpay_set(folder, term)?;
    }
    if !folder.join(unionpay::SHARED_KEY_FILE).exists() {
        write(folder, unionpay::SHARED_KEY_FILE, &shared_key()?)?;
    }
    if !super::bank_key_is_in(folder) {
        let bank = Pair::generate()?;
        write(folder, super::BANK_PUBLIC_FILE, &bank.public_pem)?;
        write(folder, super::BANK_PRIVATE_FILE, &bank.private_pem)?;
    }
    Ok(())
}

fn alipay_set(folder: &Path, term: Term) -> Result<(), KeysError> {
    let (root, app, platform) = (Pair::generate()?, Pair::generate()?, Pair::generate()?);
    let name = "Tillkeeper sandbox, root of Alipay";
    let top = Issuer { name, key: &root.key };
    write(folder, super::ROOT_CERTIFICATE_FILE, &issue(top, (name, &root), Role::Authority, term)?)?;
    let of_app = issue(top, ("Tillkeeper sandbox, application", &app), Role::Signer, term)?;
    write(folder, super::APP_CERTIFICATE_FILE, &of_app)?;
    let of_platform = issue(top, ("Tillkeeper sandbox, Alipay", &platform), Role::Signer, term)?;
    write(folder, super::PLATFORM_CERTIFICATE_FILE, &of_platform)?;
    write(folder, super::APP_PRIVATE_FILE, &app.private_pem)?;
    write(folder, super::APP_PUBLIC_FILE, &app.public_pem)?;
    write(folder, super::PLATFORM_PUBLIC_FILE, &platform.public_pem)?;
    write(folder, super::PLATFORM_PRIVATE_FILE, &platform.private_pem)
}

fn wechat_set(folder: &Path, term: Term) -> Result<(), KeysError> {
    let (root, merchant, platform) = (Pair::generate()?, Pair::generate()?, Pair::generate()?);
    let name = "Tillkeeper sandbox, root of WeChat Pay";
    let top = Issuer { name, key: &root.key };
    write(folder, wechat::ROOT_CERTIFICATE_FILE, &issue(top, (name, &root), Role::Authority, term)?)?;
    let of_merchant = issue(top, (wechat::MCHID, &merchant), Role::Signer, term)?;
    write(folder, wechat::MERCHANT_CERTIFICATE_FILE, &of_merchant)?;
    let of_platform = issue(top, ("Tillkeeper sandbox, WeChat Pay", &platform), Role::Signer, term)?;
    write(folder, wechat::PLATFORM_CERTIFICATE_FILE, &of_platform)?;
    write(folder, wechat::MERCHANT_PRIVATE_FILE, &merchant.private_pem)?;
    write(folder, wechat::PLATFORM_PUBLIC_FILE, &platform.public_pem)?;
    write(folder, wechat::PLATFORM_PRIVATE_FILE, &platform.private_pem)
}

fn unionpay_set(folder: &Path, term: Term) -> Result<(), KeysError> {
    let (root, middle) = (Pair::generate()?, Pair::generate()?);
    let (merchant, gateway, encryption) = (Pair::generate()?, Pair::generate()?, Pair::generate()?);
    let (root_name, middle_name) =
        ("Tillkeeper sandbox, root of UnionPay", "Tillkeeper sandbox, authority of UnionPay");
    let top = Issuer { name: root_name, key: &root.key };
    let of_root = issue(top, (root_name, &root), Role::Authority, term)?;
    write(folder, unionpay::ROOT_CERTIFICATE_FILE, &of_root)?;
    let of_middle = issue(top, (middle_name, &middle), Role::Authority, term)?;
    write(folder, unionpay::MIDDLE_CERTIFICATE_FILE, &of_middle)?;
    let below = Issuer { name: middle_name, key: &middle.key };
    let of_merchant = issue(below, (unionpay::MER_ID, &merchant), Role::Signer, term)?;
    write(folder, unionpay::MERCHANT_CERTIFICATE_FILE, &of_merchant)?;
    let of_gateway = issue(below, (GATEWAY_NAME, &gateway), Role::Signer, term)?;
    write(folder, unionpay::GATEWAY_CERTIFICATE_FILE, &of_gateway)?;
    let of_encryption = issue(below, ("Tillkeeper sandbox, encryption", &encryption), Role::Signer, term)?;
    write(folder, unionpay::ENCRYPTION_CERTIFICATE_FILE, &of_encryption)?;
    write(folder, unionpay::MERCHANT_PRIVATE_FILE, &merchant.private_pem)?;
    write(folder, unionpay::ENCRYPTION_PRIVATE_FILE, &encryption.private_pem)?;
    write(folder, unionpay::GATEWAY_PRIVATE_FILE, &gateway.private_pem)
}

/// 32 letters and digits, as UnionPay's portal gives them.
fn shared_key() -> Result<String, KeysError> {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).map_err(|_| KeysError::Generation)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), KeysError> {
    let path = folder.join(name);
    write_private(&path, text).map_err(|source| KeysError::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn a_fresh_folder_opens_every_channel_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let now_us = 1_790_000_000_000_000;
        complete(folder.path(), now_us).unwrap();
        let alipay = keys::load(folder.path()).unwrap();
        assert!(alipay.certificates.is_some());
        keys::wechat::load(folder.path()).unwrap();
        let cards = unionpay::load(folder.path()).unwrap();
        assert!(cards.decryption.is_some() && cards.by_shared_key.len() == 2);
        let texts = |()| {
            let mut files: Vec<_> =
                fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            files.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>()
        };
        let before = texts(());
        complete(folder.path(), now_us + DAY_US).unwrap();
        assert_eq!(texts(()), before);
    }
}
