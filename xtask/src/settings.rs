//! The settings of the local stack: time runs faster than on AWS, everything else is what the template says.

/// How many times faster than reality the sandbox's machines boot and its webhooks are repeated.
pub(crate) const SANDBOX_TIME_FACTOR: u32 = 60;

/// What the embedded AWS multiplies waits and retry pauses of the state machine with. Task timeouts stay real.
pub(crate) const STATE_MACHINE_WAIT_SCALE: &str = "0.05";

/// What the embedded AWS multiplies the pauses of schedules with: the sweep runs every 6 s instead of every minute.
pub(crate) const SCHEDULE_SCALE: &str = "0.1";

/// First choice; another free one is taken and remembered when it is in use.
pub(crate) const AWS_PORT: u16 = 4566;
/// As `AWS_PORT`.
pub(crate) const SANDBOX_PORT: u16 = 4580;

/// The stack's name, which is also the prefix of its functions and queues.
pub(crate) const STACK_NAME: &str = "nemordp";

/// Who is told what needs a person.
pub(crate) const OPERATOR: &str = "operator@nemordp.example";

/// Template parameters of the local stack. The functions compare these times with the real clock.
pub(crate) const PARAMETERS: &[(&str, &str)] = &[
    ("MailFrom", "hello@nemordp.example"),
    ("OperatorEmail", OPERATOR),
    ("GatewayMode", "test"),
    ("OrderDeadlineSeconds", "120"),
    ("FirstBootWaitSeconds", "30"),
    ("ProbePauseSeconds", "2"),
    ("QuarantineSeconds", "4"),
    ("AbsencePauseSeconds", "1"),
    ("PaymentExpirySeconds", "600"),
    ("SweepPatienceSeconds", "10"),
    ("CommandLimitSeconds", "120"),
];
