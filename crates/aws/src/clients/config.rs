//! Configuration of the SDK: one HTTP client for all services, retries with jitter, and a time limit for every call.

use std::ops::Deref;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde::Deserialize;

use crate::clients::call::chain;

/// A configuration for clients in a member account and Region.
#[derive(Debug, Clone)]
pub struct MemberConfig {
    config: SdkConfig,
    account_id: String,
}

impl MemberConfig {
    /// A configuration with credentials of that account.
    pub(crate) fn new(config: SdkConfig, account_id: &str) -> Self {
        Self { config, account_id: account_id.to_owned() }
    }

    /// The account.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// Account and Region: what a service's limits are about.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.account_id, self.config.region().map_or("", Region::as_ref))
    }
}

impl Deref for MemberConfig {
    type Target = SdkConfig;

    fn deref(&self) -> &SdkConfig {
        &self.config
    }
}

/// Returns the configuration of a function, which comes from its environment.
pub async fn sdk_config() -> SdkConfig {
    loader(http_client()).load().await
}

/// Returns the configuration for a person at a terminal. `profile` and `region` come first, as in the AWS CLI, then the
/// environment, then the profile, and at last `fallback_region`.
///
/// An explicit profile comes before credentials in the environment, as in the AWS CLI and unlike in the SDK.
pub async fn for_person(profile: Option<&str>, region: Option<&str>, fallback_region: &str) -> SdkConfig {
    let http = http_client();
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        of_profile = of_profile.profile_name(profile);
    }
    // Without the last part of the SDK's own chain, which calls the instance metadata service and takes seconds.
    let region = RegionProviderChain::first_try(region.map(|region| Region::new(region.to_owned())))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(of_profile.build())
        .or_else(Region::new(fallback_region.to_owned()));
    let Some(profile) = profile else {
        return loader(http).region(region).load().await;
    };
    let around = ProviderConfig::without_region().with_region(region.region().await).with_http_client(http.clone());
    let credentials = ProfileFileCredentialsProvider::builder().configure(&around).profile_name(profile).build();
    loader(http).profile_name(profile).region(region).credentials_provider(credentials).load().await
}

/// Checks that there are credentials. If not, it returns the SDK's message.
pub async fn check_credentials(config: &SdkConfig) -> Result<(), String> {
    let provider =
        config.credentials_provider().ok_or_else(|| "no provider of credentials is configured".to_owned())?;
    provider.provide_credentials().await.map(drop).map_err(|error| chain(&error))
}

/// Credentials from another program, in the JSON format of a `credential_process`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FoundCredentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

/// Returns the configuration with those credentials.
#[must_use]
pub fn with_credentials(config: &SdkConfig, found: FoundCredentials) -> SdkConfig {
    let credentials = Credentials::new(
        found.access_key_id,
        found.secret_access_key,
        found.session_token,
        None,
        "aws configure export-credentials",
    );
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn loader(http: SharedHttpClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(30))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(bounded(RetryConfig::standard()))
        .timeout_config(timeouts)
}

/// Returns the retry settings for a client that makes many calls in a row, and so can find the rate that the service allows.
///
/// It is not for other clients: after one throttled answer, the adaptive rate limiter makes a client with only a few calls
/// wait for eight seconds before each retry (five tokens, at half a token per second).
#[must_use]
pub fn adaptive_retry() -> RetryConfig {
    bounded(RetryConfig::adaptive())
}

fn bounded(retry: RetryConfig) -> RetryConfig {
    retry.with_max_attempts(8).with_initial_backoff(Duration::from_millis(500)).with_max_backoff(Duration::from_secs(8))
}
