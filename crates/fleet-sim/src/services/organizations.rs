//! Organizations: the tree, page by page. Only the management account may call it, except `DescribeOrganization`.
use super::pages::with_token;
use crate::{
    facts::ids,
    scenario::AccountState,
    wire::{
        AwsError, Call,
        fields::Fields,
        paging::{Page, page},
    },
    world::{
        World,
        organization::{Account, Organization, Ou},
    },
};
use serde_json::{Value, json};

/// The largest page size, which is also the usual one.
const PAGE: i64 = 20;

fn fields(call: &Call) -> Fields<'_> {
    Fields::new(&call.request, "InvalidInputException")
}

fn admit<'a>(world: &'a World, call: &Call) -> Result<&'a Organization, AwsError> {
    if call.account == world.organization.management {
        Ok(&world.organization)
    } else {
        Err(AwsError::new("AccessDeniedException", "You don't have permissions to access this resource."))
    }
}

fn cut<T>(organization: &Organization, call: &Call, items: Vec<T>) -> Result<Page<T>, AwsError> {
    let size = fields(call).page_size(1..=PAGE, 20)?;
    let list = match call.request.get("ParentId").and_then(Value::as_str) {
        Some(parent) => format!("{} {parent}", call.operation),
        None => call.operation.clone(),
    };
    page(&list, items, size, fields(call).text("NextToken")?, organization.empty_pages)
        .map_err(|_| AwsError::new("InvalidInputException", "You specified an invalid value for NextToken."))
}

fn parent<'a>(organization: &Organization, call: &'a Call) -> Result<&'a str, AwsError> {
    let id = fields(call).required("ParentId")?;
    if !ids::is_ou_id(id) && !id.starts_with("r-") {
        return Err(fields(call).refuse(
            "ParentId",
            "Member must satisfy regular expression pattern: ^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$",
        ));
    }
    if organization.is_parent(id) {
        Ok(id)
    } else {
        Err(AwsError::new("ParentNotFoundException", "You specified parent that doesn't exist."))
    }
}

fn arn(organization: &Organization, kind: &str, id: &str) -> String {
    format!("arn:aws:organizations::{}:{kind}/{}/{id}", organization.management, organization.id)
}

fn account_json(organization: &Organization, account: &Account) -> Value {
    let mut answer = json!({
        "Id": account.id,
        "Arn": arn(organization, "account", &account.id),
        "Email": account.email,
        "Name": account.name,
        "State": account.state,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_577_836_800.0,
    });
    // `Status` has fewer values than `State`: a closed account was SUSPENDED, and an account in activation had none.
    let status = match account.state {
        AccountState::PendingActivation => None,
        AccountState::Active => Some("ACTIVE"),
        AccountState::Suspended | AccountState::Closed => Some("SUSPENDED"),
        AccountState::PendingClosure => Some("PENDING_CLOSURE"),
    };
    if let Some(status) = status {
        answer["Status"] = json!(status);
    }
    if organization.paths {
        let above = organization.api_path(organization.ou_of(account));
        answer["Paths"] = json!([format!("{above}{}/", account.id)]);
    }
    answer
}

fn ou_json(organization: &Organization, ou: &Ou) -> Value {
    let mut answer = json!({"Id": ou.id, "Arn": arn(organization, "ou", &ou.id), "Name": ou.name});
    if organization.paths {
        answer["Path"] = json!(organization.api_path(Some(ou)));
    }
    answer
}

/// Returns accounts in the order of a hash of their ids. Organizations promises no order.
fn shuffled<'a>(accounts: impl Iterator<Item = &'a Account>) -> Vec<&'a Account> {
    let mut accounts: Vec<_> = accounts.collect();
    accounts.sort_by_cached_key(|account| ids::hex(&["order", &account.id], 16));
    accounts
}

/// Answers `DescribeOrganization`.
#[allow(clippy::unnecessary_wraps, reason = "every operation has one signature")]
pub fn describe_organization(world: &mut World, _: &Call) -> Result<String, AwsError> {
    let organization = &world.organization;
    let management = &organization.management;
    let email = organization.accounts.get(management).map_or("", |account| account.email.as_str());
    Ok(json!({"Organization": {
        "Id": organization.id,
        "Arn": format!("arn:aws:organizations::{management}:organization/{}", organization.id),
        "FeatureSet": "ALL",
        "MasterAccountArn": arn(organization, "account", management),
        "MasterAccountId": management,
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }})
    .to_string())
}

/// Answers `ListRoots`.
pub fn list_roots(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let root = json!({
        "Id": organization.root,
        "Arn": arn(organization, "root", &organization.root),
        "Name": "Root",
        "PolicyTypes": [],
    });
    let page = cut(organization, call, vec![root])?;
    Ok(with_token(json!({"Roots": page.items}), page.next))
}

/// Answers `ListAccounts`.
pub fn list_accounts(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let page = cut(organization, call, shuffled(organization.accounts.values()))?;
    let accounts: Vec<_> = page.items.into_iter().map(|account| account_json(organization, account)).collect();
    Ok(with_token(json!({"Accounts": accounts}), page.next))
}

/// Answers `ListAccountsForParent` with the accounts directly in the parent.
pub fn list_accounts_for_parent(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let parent = parent(organization, call)?;
    let direct = organization.accounts.values().filter(|account| account.parent == parent);
    let page = cut(organization, call, shuffled(direct))?;
    let accounts: Vec<_> = page.items.into_iter().map(|account| account_json(organization, account)).collect();
    Ok(with_token(json!({"Accounts": accounts}), page.next))
}

/// Answers `ListOrganizationalUnitsForParent` with the OUs directly in the parent.
pub fn list_organizational_units_for_parent(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let parent = parent(organization, call)?;
    let page = cut(organization, call, organization.ous.values().filter(|ou| ou.parent == parent).collect())?;
    let ous: Vec<_> = page.items.into_iter().map(|ou| ou_json(organization, ou)).collect();
    Ok(with_token(json!({"OrganizationalUnits": ous}), page.next))
}

/// Answers `ListChildren`.
pub fn list_children(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let parent = parent(organization, call)?;
    let kind = fields(call).required("ChildType")?;
    let ids: Vec<_> = match kind {
        "ACCOUNT" => organization.accounts.values().filter(|a| a.parent == parent).map(|a| &a.id).collect(),
        "ORGANIZATIONAL_UNIT" => organization.ous.values().filter(|ou| ou.parent == parent).map(|ou| &ou.id).collect(),
        _ => {
            return Err(
                fields(call).refuse("ChildType", "Member must satisfy enum value set: [ACCOUNT, ORGANIZATIONAL_UNIT]")
            );
        }
    };
    let page = cut(organization, call, ids)?;
    let children: Vec<_> = page.items.into_iter().map(|id| json!({"Id": id, "Type": kind})).collect();
    Ok(with_token(json!({"Children": children}), page.next))
}

/// Answers `ListParents` with the parent that is directly above.
pub fn list_parents(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let child = fields(call).required("ChildId")?;
    let account = organization.accounts.get(child).map(|account| &account.parent);
    let above = account.or_else(|| organization.ous.get(child).map(|ou| &ou.parent));
    let above = above.ok_or_else(|| {
        AwsError::new("ChildNotFoundException", "You specified a child that doesn't exist in the organization.")
    })?;
    let kind = if *above == organization.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
    let page = cut(organization, call, vec![json!({"Id": above, "Type": kind})])?;
    Ok(with_token(json!({"Parents": page.items}), page.next))
}

/// Answers `DescribeAccount`.
pub fn describe_account(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let account = organization
        .accounts
        .get(fields(call).required("AccountId")?)
        .ok_or_else(|| AwsError::new("AccountNotFoundException", "You specified an account that doesn't exist."))?;
    Ok(json!({"Account": account_json(organization, account)}).to_string())
}

/// Answers `DescribeOrganizationalUnit`.
pub fn describe_organizational_unit(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let organization = admit(world, call)?;
    let ou = organization.ous.get(fields(call).required("OrganizationalUnitId")?).ok_or_else(|| {
        AwsError::new("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
    })?;
    Ok(json!({"OrganizationalUnit": ou_json(organization, ou)}).to_string())
}
