using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>What a scheduler does. It writes nothing of its own: its state is soft.</summary>
internal enum SchedulerEffectKind : byte
{
    Send,
    Register,
    Fence,
    StepDown,
}

/// <summary>One effect of the <see cref="SchedulerMachine"/>.</summary>
internal readonly record struct SchedulerEffect(SchedulerEffectKind Kind, Peer To, Message Message, Term Term) : IEffect
{
    public bool IsWrite => false;

    public bool OnceDurable => false;

    public static SchedulerEffect Send(Peer to, in Message message) => new(SchedulerEffectKind.Send, to, message, default);

    public static SchedulerEffect Register(Peer node, Term term) => new(SchedulerEffectKind.Register, node, default, term);

    public static SchedulerEffect Fence(Peer node, Term term) => new(SchedulerEffectKind.Fence, node, default, term);

    public static SchedulerEffect StepDown(Peer self, Term term) => new(SchedulerEffectKind.StepDown, self, default, term);
}
