using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>
/// A shipped scheduler machine, for explorations. The machine cannot be copied: where the way forks it is made again, and told all that it has heard. Its clock stands
/// still, long after it came up: whatever it would send again can be delivered any number of times anyway, and who is silent is said by a move.
/// </summary>
internal sealed class ExploredScheduler
{
    private const long NowMs = 1_000_000;

    private readonly Peer _self;
    private readonly ulong _seed;
    private readonly Func<SchedulerMachine, IMachine<SchedulerEvent, SchedulerEffect>> _bend;
    private readonly List<SchedulerEvent> _heard = [];
    private SchedulerMachine _machine;
    private IMachine<SchedulerEvent, SchedulerEffect> _fed;
    private string? _text;
    private bool _isShared;

    /// <param name="self">The process that may lead.</param>
    /// <param name="seed">Of its draws.</param>
    /// <param name="bend">Breaks a rule on purpose; the machine itself where none is to be broken.</param>
    public ExploredScheduler(Peer self, ulong seed, Func<SchedulerMachine, IMachine<SchedulerEvent, SchedulerEffect>> bend)
    {
        (_self, _seed, _bend) = (self, seed, bend);
        (_machine, _fed) = Make();
    }

    private ExploredScheduler(ExploredScheduler from)
    {
        (_self, _seed, _bend, _machine, _fed, _text) = (from._self, from._seed, from._bend, from._machine, from._fed, from._text);
        _heard.AddRange(from._heard);
        _isShared = from._isShared = true;
    }

    public SchedulerMachine Machine => _machine;

    public ExploredScheduler Clone() => new(this);

    public SchedulerEffect[] Hear(SchedulerEvent @event)
    {
        if (_isShared)
        {
            (_machine, _fed) = Make();
            var forgotten = new EffectBuffer<SchedulerEffect>();
            foreach (var heard in _heard)
            {
                _fed.Step(heard, NowMs, forgotten);
                forgotten.Clear();
            }

            _isShared = false;
        }

        var effects = new EffectBuffer<SchedulerEffect>();
        _fed.Step(@event, NowMs, effects);
        _heard.Add(@event);
        _text = null;
        return effects.Effects.ToArray();
    }

    public string Describe() => _text ??= _machine.Describe();

    private (SchedulerMachine, IMachine<SchedulerEvent, SchedulerEffect>) Make()
    {
        var machine = new SchedulerMachine(_self, new SchedulerSettings { MaxTasks = 8 }, _seed, nowMs: 0);
        return (machine, _bend(machine));
    }
}
