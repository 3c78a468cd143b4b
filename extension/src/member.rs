//! The row of `chatkeep.users`, read by its index and nothing else.

use pgrx::{FromDatum, Uuid, pg_sys};
use std::ffi::CStr;

const LOCK: pg_sys::LOCKMODE = pg_sys::AccessShareLock.cast_signed();

/// What a look at the row tells.
pub enum Member {
    /// There, and not disabled.
    Of([u8; 16]),
    /// Not there, or disabled.
    None,
    /// Not to be read this way: the table is not the plain one of the migrations, or the caller may not
    /// select from it. A statement then says what is so.
    Ask,
}

/// The tenant of a user, in the snapshot of the running statement.
///
/// Nothing is kept: names are looked up each time in the system caches, which see every change.
pub fn tenant(user: &[u8; 16]) -> Member {
    // SAFETY: the relation stays open and locked while it is read; the tuple is read before the scan that
    // pins it ends; attribute numbers are those of the relation at this moment.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"chatkeep".as_ptr(), true);
        let users = pg_sys::get_relname_relid(c"users".as_ptr(), schema);
        let key = pg_sys::get_relname_relid(c"users_pkey".as_ptr(), schema);
        if users == pg_sys::InvalidOid || key == pg_sys::InvalidOid || !may_select(users) {
            return Member::Ask;
        }
        let relation = pg_sys::table_open(users, LOCK);
        let found = if (*(*relation).rd_rel).relkind == pg_sys::RELKIND_RELATION.cast_signed() {
            read(relation, key, user)
        } else {
            Member::Ask
        };
        pg_sys::table_close(relation, LOCK);
        found
    }
}

fn may_select(table: pg_sys::Oid) -> bool {
    // SAFETY: reads the table's privileges for the role of this moment.
    unsafe {
        let mode = pg_sys::AclMode::from(pg_sys::ACL_SELECT);
        pg_sys::pg_class_aclcheck(table, pg_sys::GetUserId(), mode)
            == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// # Safety
/// `relation` is `chatkeep.users`, open; `key` is its index on id.
unsafe fn read(relation: pg_sys::Relation, key: pg_sys::Oid, user: &[u8; 16]) -> Member {
    // SAFETY: as said of tenant().
    unsafe {
        let users = (*relation).rd_id;
        let (id, disabled_at, tenant_id) = (
            pg_sys::get_attnum(users, c"id".as_ptr()),
            pg_sys::get_attnum(users, c"disabled_at".as_ptr()),
            pg_sys::get_attnum(users, c"tenant_id".as_ptr()),
        );
        if id <= 0 || disabled_at <= 0 || tenant_id <= 0 {
            return Member::Ask;
        }
        let mut wanted = pg_sys::ScanKeyData::default();
        pg_sys::ScanKeyInit(
            &raw mut wanted,
            id,
            u16::try_from(pg_sys::BTEqualStrategyNumber).unwrap_or(0),
            pg_sys::Oid::from(pg_sys::F_UUID_EQ),
            pg_sys::Datum::from(user.as_ptr()),
        );
        let scan = pg_sys::systable_beginscan(
            relation,
            key,
            true,
            pg_sys::GetActiveSnapshot(),
            1,
            &raw mut wanted,
        );
        let tuple = pg_sys::systable_getnext(scan);
        let member = if tuple.is_null() || column(tuple, disabled_at, relation).is_some() {
            Member::None
        } else {
            column(tuple, tenant_id, relation)
                .and_then(|tenant| Uuid::from_datum(tenant, false))
                .map_or(Member::None, |tenant| Member::Of(*tenant.as_bytes()))
        };
        pg_sys::systable_endscan(scan);
        member
    }
}

/// # Safety
/// `tuple` is one of `relation`, which has the attribute.
unsafe fn column(
    tuple: pg_sys::HeapTuple,
    attribute: pg_sys::AttrNumber,
    relation: pg_sys::Relation,
) -> Option<pg_sys::Datum> {
    let mut null = false;
    // SAFETY: as said.
    let value =
        unsafe { pg_sys::heap_getattr(tuple, i32::from(attribute), (*relation).rd_att, &mut null) };
    (!null).then_some(value)
}

/// The source text of `auth.uid()`, for `accept` to judge.
pub fn uid_source_is(accept: fn(&str) -> bool) -> bool {
    const NAME: &CStr = c"uid";
    // SAFETY: the cache entry is held while its text is read, and released once; detoasted text is a plain varlena.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"auth".as_ptr(), true);
        let entry = pg_sys::SearchSysCache3(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP.cast_signed(),
            pg_sys::Datum::from(NAME.as_ptr()),
            pg_sys::Datum::from(pg_sys::buildoidvector(std::ptr::null(), 0)),
            pg_sys::Datum::from(schema),
        );
        if entry.is_null() {
            return false;
        }
        let mut null = false;
        let source = pg_sys::SysCacheGetAttr(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP.cast_signed(),
            entry,
            i16::try_from(pg_sys::Anum_pg_proc_prosrc).unwrap_or(0),
            &raw mut null,
        );
        let accepted = !null && <&str>::from_datum(source, false).is_some_and(accept);
        pg_sys::ReleaseSysCache(entry);
        accepted
    }
}
