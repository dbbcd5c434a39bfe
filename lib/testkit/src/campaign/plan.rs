//! What happens in one shop, all of it from one seed.

use domain::catalogue::{Os, Provider};
use domain::command::CommandKind;
use jiff::SignedDuration;

use crate::ports::{BootPlan, GatewayFault, HostFault, Op};
use crate::sim::Chance;
use crate::walker::StateFault;

/// What happens in one shop.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where all of it comes from, and what the shop's own chance follows.
    pub seed: u64,
    /// What customers order, all of it at the beginning.
    pub orders: Vec<Wish>,
    /// So many of a thousand port calls fail or take their process with them.
    pub port_permille: u64,
    /// At most so many of them.
    pub port_faults: u32,
    /// How the first machines come up.
    pub boots: Vec<BootPlan>,
    /// How old the providers' lists are.
    pub list_lag: SignedDuration,
    /// So many of a thousand messages come twice.
    pub twice_permille: u64,
    /// Messages come up to this late.
    pub messages_late: SignedDuration,
    /// How many machines the inventory sees on a page, and how many pages in a run: in some shops so few that a
    /// listing takes several runs.
    pub inventory: (u16, u32),
    /// What happens when, by minutes from the first order.
    pub events: Vec<(i64, Event)>,
}

/// What a customer orders.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// The system.
    pub os: Os,
    /// The region of the catalogue; `None` for any.
    pub region: Option<&'static str>,
}

/// A trading desktop that staff order.
#[derive(Debug, Clone, Copy)]
pub struct StaffWish {
    /// For which MT5 account.
    pub account: &'static str,
    /// Who makes it.
    pub provider: Provider,
    /// The provider's region.
    pub region: &'static str,
    /// So many requests at the same moment.
    pub requests: usize,
    /// Whether these are one request repeated, under one key; if not, of several people one gets the account.
    pub repeated: bool,
}

/// Something that happens at its minute. Orders are numbered: first those of [`Plan::orders`], then those of the staff
/// as they are placed; what happens to one that is not placed yet does not happen.
#[derive(Debug, Clone)]
pub enum Event {
    /// The customer of an order pays and comes back, or only pays.
    Pays {
        /// Which order.
        order: usize,
        /// How often the gateway tells us.
        webhooks: u32,
        /// How late, in seconds.
        late: i64,
        /// Whether the customer comes back to the site.
        returns: bool,
    },
    /// Staff order a trading desktop.
    StaffOrder(StaffWish),
    /// Staff have a trading desktop taken away.
    Decommission(usize),
    /// The next calls of an operation at a provider (or anywhere) go wrong.
    Host(Option<Provider>, Op, HostFault, u32),
    /// A provider is down.
    Outage(Provider, HostFault, SignedDuration),
    /// Nothing is left in a region.
    SoldOut(&'static str),
    /// The gateway's next calls go wrong.
    Gateway(GatewayFault, u32),
    /// A state of the workflow breaks.
    State(String, StateFault, u32),
    /// The execution of an order is ended from outside.
    Abort(usize),
    /// Two sweeps at once.
    TwoSweeps,
    /// The inventory runs twice at once.
    TwoInventories,
    /// The machine of an order disappears.
    Vanishes(usize),
    /// It is there again.
    ComesBack(usize),
    /// The mail service is down for so many mails.
    MailDown(u32),
    /// The customer does something to their desktop.
    Command(usize, CommandKind),
}

/// Most outages end within the time that an order has; one in four lasts for up to six hours.
const OUTAGE_MINUTES: [u64; 4] = [30, 45, 60, 6 * 60];

/// The operations that go wrong, the more often the more hangs on them.
const TROUBLED: [Op; 15] = [
    Op::Create,
    Op::Create,
    Op::Create,
    Op::Get,
    Op::Get,
    Op::Find,
    Op::Find,
    Op::Delete,
    Op::Delete,
    Op::Reinstall,
    Op::List,
    Op::Reboot,
    Op::Start,
    Op::Halt,
    Op::Offers,
];

impl Plan {
    /// What `seed` means, given the names of the workflow's task states.
    pub fn from_seed(seed: u64, tasks: &[String]) -> Self {
        let mut dice = Dice(Chance::new(seed, "plan"));
        let orders = (0..=dice.below(4))
            .map(|_| Wish {
                os: if dice.one_in(20) { Os::Linux } else { Os::Windows },
                region: dice.of(&[None, None, Some("us-east"), Some("uk")]),
            })
            .collect::<Vec<_>>();
        let calm = dice.one_in(6);
        let mut events = Vec::new();
        for order in 0..orders.len() {
            let late = if dice.one_in(20) { 20_000 } else { 90 };
            let pays = Event::Pays {
                order,
                webhooks: u32::try_from(dice.below(4)).unwrap_or(0),
                late: dice.seconds(late),
                returns: dice.one_in(3),
            };
            events.push((dice.minutes(3), pays));
            dice.fate(order, 0, &mut events);
        }
        let staff = if dice.one_in(4) { 1 + dice.below(3) } else { 0 };
        for order in (orders.len()..).take(usize::try_from(staff).unwrap_or(0)) {
            let minute = dice.minutes(40);
            events.push((minute, Event::StaffOrder(dice.staff_wish())));
            dice.fate(order, minute, &mut events);
            if dice.one_in(3) {
                events.push((minute + dice.minutes(60), Event::Decommission(order)));
            }
        }
        let trouble = if calm { 0 } else { dice.below(6) };
        for _ in 0..trouble {
            let within = if dice.one_in(2) { 2 } else { 45 };
            let minute = dice.minutes(within);
            let event = dice.trouble(tasks);
            events.push((minute, event));
        }
        // The narrowest place: one create that acts late, and nothing else to be had anywhere.
        if !calm && dice.one_in(12) {
            let late = HostFault::Late(SignedDuration::from_secs(30 + dice.seconds(85)));
            let minute = dice.minutes(3);
            events.push((minute, Event::Host(None, Op::Create, late, 1)));
            events.push((minute, Event::Host(None, Op::Create, HostFault::OutOfStock, dice.times(40))));
        }
        events.sort_by_key(|(minute, _)| *minute);
        let boots = (0..dice.below(5)).map(|_| dice.boot()).collect();
        Self {
            seed,
            orders,
            port_permille: if calm { 0 } else { dice.below(50) },
            port_faults: u32::try_from(dice.below(25)).unwrap_or(0),
            boots,
            list_lag: SignedDuration::from_secs(if dice.one_in(3) { dice.seconds(60) } else { 0 }),
            twice_permille: dice.below(300),
            messages_late: SignedDuration::from_secs(dice.seconds(30)),
            inventory: if dice.one_in(12) { (dice.of(&[1, 2, 3]), dice.times(2)) } else { (100, 120) },
            events,
        }
    }
}

struct Dice(Chance);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.below(n)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn seconds(&mut self, n: u64) -> i64 {
        i64::try_from(self.below(n)).unwrap_or(0)
    }

    fn minutes(&mut self, n: u64) -> i64 {
        self.seconds(n)
    }

    fn times(&mut self, n: u64) -> u32 {
        1 + u32::try_from(self.below(n)).unwrap_or(0)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)]
    }

    /// What happens to an order that is placed at `minute`, whatever else goes wrong.
    fn fate(&mut self, order: usize, minute: i64, events: &mut Vec<(i64, Event)>) {
        if self.one_in(8) {
            events.push((minute + self.minutes(90), Event::Command(order, self.of(CommandKind::ALL))));
        }
        if self.one_in(30) {
            let vanishes = minute + 10 + self.minutes(60);
            events.push((vanishes, Event::Vanishes(order)));
            if self.one_in(2) {
                let back = vanishes + self.minutes(90);
                events.push((back, Event::ComesBack(order)));
                if self.one_in(2) {
                    events.push((back + self.minutes(60), Event::Command(order, CommandKind::Terminate)));
                }
            }
        }
        if self.one_in(12) {
            events.push((minute + self.minutes(40), Event::Abort(order)));
        }
    }

    fn staff_wish(&mut self) -> StaffWish {
        StaffWish {
            account: self.of(&["51234567", "60000001"]),
            provider: self.of(&[Provider::Vultr, Provider::Contabo, Provider::Ec2]),
            region: self.of(&["east", "west"]),
            requests: if self.one_in(2) { 2 } else { 1 },
            repeated: self.one_in(2),
        }
    }

    fn boot(&mut self) -> BootPlan {
        let usual = [BootPlan::Well; 5];
        let odd = [BootPlan::Never, BootPlan::Silent, BootPlan::SetupFails, BootPlan::WrongCertificate];
        if self.one_in(2) { self.of(&usual) } else { self.of(&odd) }
    }

    fn trouble(&mut self, tasks: &[String]) -> Event {
        match self.below(12) {
            0..=3 => {
                let op = self.of(&TROUBLED);
                let provider = if self.one_in(2) { None } else { Some(self.of(Provider::ALL)) };
                let fault = self.host_fault(op);
                Event::Host(provider, op, fault, self.times(6))
            }
            4 | 5 => {
                let fault = self.of(&[HostFault::FailBefore, HostFault::Unreachable, HostFault::Busy]);
                let longest = self.of(&OUTAGE_MINUTES);
                let lasts = SignedDuration::from_mins(1 + self.minutes(longest));
                Event::Outage(self.of(Provider::ALL), fault, lasts)
            }
            6 => Event::SoldOut(self.of(&["east", "west"])),
            7 => {
                let fault =
                    self.of(&[GatewayFault::Busy, GatewayFault::Unauthorized, GatewayFault::RefusesRefunds]);
                Event::Gateway(fault, self.times(3))
            }
            8 | 9 => {
                let state = tasks[usize::try_from(self.below(tasks.len() as u64)).unwrap_or(0)].clone();
                Event::State(state, self.of(&StateFault::ALL), self.times(3))
            }
            10 if self.one_in(2) => Event::TwoSweeps,
            10 => Event::TwoInventories,
            _ => Event::MailDown(self.times(4)),
        }
    }

    fn host_fault(&mut self, op: Op) -> HostFault {
        let any = [
            HostFault::Busy,
            HostFault::Unreachable,
            HostFault::FailBefore,
            HostFault::FailAfter,
            HostFault::DropAfter,
        ];
        let late = HostFault::Late(SignedDuration::from_secs(self.seconds(400)));
        let creates =
            [HostFault::OutOfStock, HostFault::Quota, HostFault::Unauthorized, HostFault::Refuse, late, late];
        if op == Op::Create && self.one_in(2) { self.of(&creates) } else { self.of(&any) }
    }
}
