//! [`Ticket`]

use app::ports::Ticket;
use domain::customer::CustomerId;
use domain::ids::{OrderId, TicketId};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct TicketItem {
    id: TicketId,
    customer: CustomerId,
    order: OrderId,
    subject: String,
    message: String,
    created_at: StoredTime,
}

impl From<&Ticket> for TicketItem {
    fn from(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id,
            customer: ticket.customer.clone(),
            order: ticket.order,
            subject: ticket.subject.clone(),
            message: ticket.message.clone(),
            created_at: ticket.created_at.into(),
        }
    }
}

impl From<TicketItem> for Ticket {
    fn from(item: TicketItem) -> Self {
        Self {
            id: item.id,
            customer: item.customer,
            order: item.order,
            subject: item.subject,
            message: item.message,
            created_at: item.created_at.into(),
        }
    }
}

impl Thing for Ticket {
    type Item = TicketItem;

    fn key(&self) -> Key {
        keys::ticket(self.id)
    }

    fn version(&self) -> Option<u64> {
        None
    }

    fn in_by_customer(&self) -> Option<Key> {
        Some(keys::ticket_of_customer(&self.customer, self.id))
    }
}
