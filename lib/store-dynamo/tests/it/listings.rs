//! A customer's listings, page by page.

use app::ports::{Commit, ReadInstances, ReadOrders, StoreError, Write};
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId};

use crate::fixtures::{ada, at, instance, order, table};

#[tokio::test]
async fn orders_come_newest_first_and_page_by_page_to_the_end() {
    let Some(table) = table("paging").await else { return };
    let store = &table.store;
    let eve = CustomerId::parse("eve").unwrap();
    for n in [3, 1, 4, 6, 5, 2] {
        store.commit(vec![Write::Order(order(n)), Write::Instance(instance(n))]).await.unwrap();
    }
    let mut foreign = order(9);
    foreign.customer = eve.clone();
    store.commit(vec![Write::Order(foreign.clone())]).await.unwrap();

    for limit in [1, 2, 3, 4, 6, 7, 100] {
        let (mut listed, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = store.orders_of(&ada(), limit, after.as_deref()).await.unwrap();
            assert!(page.items.len() <= usize::from(limit));
            listed.extend(page.items.into_iter().map(|order| order.id));
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let newest_first: Vec<OrderId> = (1..=6).rev().map(|n| order(n).id).collect();
        assert_eq!(listed, newest_first);
        assert_eq!(pages, 6_usize.div_ceil(limit.into()), "no empty page at the end of pages of {limit}");
    }
    let desktops = store.instances_of(&ada(), 2, None).await.unwrap();
    assert_eq!(desktops.items.iter().map(|i| i.id).collect::<Vec<_>>(), vec![instance(6).id, instance(5).id]);
    assert_eq!(store.orders_of(&eve, 10, None).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_cursor_of_something_else_is_refused_and_a_foreign_one_opens_nothing() {
    let Some(table) = table("cursors").await else { return };
    let store = &table.store;
    let eve = CustomerId::parse("eve").unwrap();
    store.commit(vec![Write::Order(order(1)), Write::Instance(instance(1))]).await.unwrap();
    let mut foreign = order(2);
    foreign.customer = eve;
    store.commit(vec![Write::Order(foreign.clone())]).await.unwrap();

    let another_kind = InstanceId::new(at(0), 1).to_string();
    for bad in ["", "x", "eyJwayI6ICJPUkRFUiJ9", another_kind.as_str()] {
        let result = store.orders_of(&ada(), 10, Some(bad)).await;
        assert!(matches!(result, Err(StoreError::BadCursor)), "{bad}: {result:?}");
    }
    let page = store.orders_of(&ada(), 10, Some(&foreign.id.to_string())).await.unwrap();
    assert_eq!(
        page.items.iter().map(|o| o.id).collect::<Vec<_>>(),
        vec![order(1).id],
        "its own, from then on"
    );
    for limit in [0, 101] {
        let result = store.orders_of(&ada(), limit, None).await;
        assert!(matches!(result, Err(StoreError::Invalid { .. })), "{limit}: {result:?}");
    }
}
