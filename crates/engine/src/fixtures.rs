//! Made-up values that several tests start from.

use orgpatch_model::organization::AccountState;
use orgpatch_model::target::Target;

/// A target of the first wave of stage `test`.
pub fn target() -> Target {
    Target {
        account_id: "222200000001".into(),
        account_name: "shop-test".into(),
        account_state: AccountState::Active,
        ou_path: "Test".into(),
        region: "ap-northeast-1".into(),
        stage: "test".into(),
        wave: 1,
    }
}
