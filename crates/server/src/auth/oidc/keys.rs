//! The public keys of an identity provider, and which signatures they take (RFC 7517, RFC 7518).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::Value;

use super::OidcError;

/// All keys of a provider that may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeySet(Vec<SigningKey>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct SigningKey {
    id: Option<String>,
    /// The one algorithm that it is for, where that is said.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Uncompressed points (SEC 1, section 2.3.3).
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct JsonKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Keys of kinds that nothing here can use are passed over: a set may hold any.
    pub(super) fn read(document: &Value) -> Result<Self, OidcError> {
        let Some(keys) = document["keys"].as_array() else {
            return Err(OidcError::Unavailable("its keys cannot be read".to_owned()));
        };
        let keys = keys.iter().filter_map(|key| JsonKey::deserialize(key).ok()).filter_map(SigningKey::read);
        Ok(Self(keys.collect()))
    }

    /// Whether there is a key of this id; without one any key may be meant.
    pub(super) fn knows(&self, id: Option<&str>) -> bool {
        id.is_none() || self.0.iter().any(|key| key.id.as_deref() == id)
    }

    /// Whether one of the keys that may be meant has signed this by this algorithm.
    pub(super) fn verify(&self, id: Option<&str>, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let meant = self.0.iter().filter(|key| id.is_none() || key.id.as_deref() == id);
        meant.into_iter().any(|key| key.verify(algorithm, message, signature))
    }
}

impl SigningKey {
    fn read(key: JsonKey) -> Option<Self> {
        if key.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let decode = |text: Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text?).ok();
        let point = |size: usize, x: Vec<u8>, y: Vec<u8>| {
            (x.len() == size && y.len() == size).then(|| [vec![4], x, y].concat())
        };
        let material = match (key.kty.as_str(), key.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { modulus: decode(key.n)?, exponent: decode(key.e)? },
            ("EC", Some("P-256")) => Material::P256(point(32, decode(key.x)?, decode(key.y)?)?),
            ("EC", Some("P-384")) => Material::P384(point(48, decode(key.x)?, decode(key.y)?)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(decode(key.x)?),
            _ => return None,
        };
        Some(Self { id: key.kid, algorithm: key.alg, material })
    }

    /// A token names its algorithm itself: only those that belong to the kind of key count, so that nobody takes a public key
    /// for a shared secret.
    fn verify(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        if self.algorithm.as_deref().is_some_and(|only| only != algorithm) {
            return false;
        }
        let by_curve = |verifier: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(verifier, key).verify(message, signature).is_ok()
        };
        match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, _) => {
                let Some(parameters) = rsa_parameters(algorithm) else { return false };
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, message, signature).is_ok()
            }
            (Material::P256(key), "ES256") => by_curve(&ECDSA_P256_SHA256_FIXED, key),
            (Material::P384(key), "ES384") => by_curve(&ECDSA_P384_SHA384_FIXED, key),
            (Material::Ed25519(key), "EdDSA" | "Ed25519") => by_curve(&ED25519, key),
            _ => false,
        }
    }
}

fn rsa_parameters(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 7515, appendix A.3.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = concat!("x_FEzRu9m36HLN_tue659LNpXW6pCySti", "kYjKIWI5a0");
    const MESSAGE: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn verified(key: &Value, id: Option<&str>, algorithm: &str, message: &str) -> bool {
        let keys = KeySet::read(&json!({"keys": [{"kty": "oct", "k": "AA"}, {"kty": 1}, key]})).unwrap();
        keys.verify(id, algorithm, message.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap())
    }

    #[test]
    fn only_the_key_and_the_algorithm_that_signed_fit() {
        let key = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "a"});
        assert!(verified(&key, Some("a"), "ES256", MESSAGE));
        assert!(verified(&key, None, "ES256", MESSAGE));
        assert!(!verified(&key, Some("b"), "ES256", MESSAGE));
        assert!(!verified(&key, Some("a"), "ES256", &MESSAGE.replacen('e', "f", 1)));
        for algorithm in ["none", "HS256", "RS256", "ES384", "EdDSA", ""] {
            assert!(!verified(&key, Some("a"), algorithm, MESSAGE), "{algorithm}");
        }
        for (name, value) in [("use", "enc"), ("alg", "ES384"), ("crv", "P-384"), ("y", X), ("kty", "RSA")] {
            let mut other = key.clone();
            other[name] = json!(value);
            assert!(!verified(&other, Some("a"), "ES256", MESSAGE), "{name}");
        }
    }

    #[test]
    fn what_holds_no_keys_is_none() {
        assert!(KeySet::read(&json!({"keys": "none"})).is_err());
        assert!(!KeySet::read(&json!({"keys": []})).unwrap().knows(Some("a")));
    }
}
