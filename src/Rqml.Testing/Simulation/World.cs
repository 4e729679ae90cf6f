using System.Runtime.CompilerServices;
using Rqml.Tasks;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Virtual time and one thread. Everything that any process wants to run waits here, and a seeded draw says what runs next: the same seed gives the
/// same run, to the last event.
/// </summary>
/// <param name="seed">Of all draws.</param>
/// <param name="mostEvents">More than any run needs: beyond it something goes round in circles without time passing.</param>
internal sealed class World(ulong seed, long mostEvents = 2_000_000)
{
    /// <summary>How far ahead in the ready list the draw may reach: what a pool with several threads might reorder.</summary>
    private const int Reach = 6;

    private static readonly long BeginTicks = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks;

    private static readonly SendOrPostCallback RunAction = static action => ((Action)action!)();

    private readonly List<ReadyItem> _ready = [];
    private readonly PriorityQueue<SimulatedTimer, Moment> _timers = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private SplitMix64 _random = new(seed);
    private long _order;
    private int _processes;
    private EscapedException? _escaped;

    /// <summary>Virtual time in ticks of 100 ns since 1970.</summary>
    public long NowTicks { get; private set; } = BeginTicks;

    /// <summary>Items run so far.</summary>
    public long Events { get; private set; }

    /// <summary>Whether the run goes round in circles.</summary>
    public bool IsExhausted => Events >= mostEvents;

    /// <summary>What a user's model does in each pass, beside its work; null: nothing.</summary>
    public Func<ValueTask>? UserCode { get; set; }

    /// <summary>Where the run is told, line by line; null where nobody listens.</summary>
    public TextWriter? Story { get; set; }

    /// <summary>A fingerprint of everything that ran, in order.</summary>
    public ulong Trace { get; private set; } = 0xCBF2_9CE4_8422_2325;

    /// <summary>Uniform in [0, <paramref name="bound"/>).</summary>
    public int Draw(int bound) => _random.NextInt(bound);

    /// <summary>True with this probability.</summary>
    public bool Chance(double probability) => _random.NextDouble() < probability;

    /// <summary>Numbers processes in the order of their starts.</summary>
    public int NextProcess() => ++_processes;

    public ulong NextSeed() => _random.Next();

    public void Enqueue(SimulatedProcess process, Action action) => Enqueue(process, RunAction, action);

    public void Enqueue(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        // The tripwire: a construct that comes back on a thread of the pool would make runs differ, and the lists of this world unsafe. Thrown here it would end the
        // process, so the world's own thread is told.
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Interlocked.CompareExchange(ref _escaped, new EscapedException(Environment.StackTrace), null);
            return;
        }

        _ready.Add(new ReadyItem(process, callback, state));
    }

    public void Schedule(SimulatedTimer timer) => _timers.Enqueue(timer, new Moment(timer.DueTicks, _order++));

    /// <summary>Adds a line to the story, with its time.</summary>
    public void Tell([InterpolatedStringHandlerArgument("")] StoryLine line) => Story?.WriteLine(FormattableString.Invariant($"{(NowTicks - BeginTicks) / (double)TimeSpan.TicksPerSecond,9:F4} {line.Read()}"));

    /// <summary>Runs until <paramref name="done"/> holds or virtual time is up; false in the latter case. It is asked whenever nothing more happens without time passing.</summary>
    /// <exception cref="EscapedException">Something came back on another thread.</exception>
    /// <exception cref="NothingRunnableException">Nothing is left that could run.</exception>
    public bool RunUntil(Func<bool> done, TimeSpan limit)
    {
        var untilTicks = NowTicks + limit.Ticks;
        while (_ready.Count > 0 || !done())
        {
            if (IsExhausted || !Step(untilTicks)) return false;
        }

        return true;
    }

    /// <summary>Lets this much virtual time pass.</summary>
    public void Run(TimeSpan time) => RunUntil(static () => false, time);

    public bool HasEscaped => Volatile.Read(ref _escaped) is not null;

    /// <summary>Throws where something came back on another thread since the last step.</summary>
    /// <exception cref="EscapedException">It did.</exception>
    public void ThrowIfEscaped()
    {
        if (Volatile.Read(ref _escaped) is { } escaped) throw escaped;
    }

    private bool Step(long untilTicks)
    {
        ThrowIfEscaped();
        if (_ready.Count > 0)
        {
            var index = Draw(Math.Min(Reach, _ready.Count));
            var item = _ready[index];
            _ready.RemoveAt(index);
            Note((ulong)item.Process.Number);
            item.Process.Execute(item.Callback, item.State);
            return true;
        }

        if (_timers.Count == 0) throw new NothingRunnableException(Events);
        if (!_timers.TryPeek(out _, out var next) || next.DueTicks > untilTicks)
        {
            NowTicks = untilTicks;
            return false;
        }

        var timer = _timers.Dequeue();
        NowTicks = Math.Max(NowTicks, next.DueTicks);
        if (timer.IsDue(next.DueTicks)) timer.Fire();
        return true;
    }

    private void Note(ulong what)
    {
        Events++;
        Trace = (Trace ^ what ^ (ulong)NowTicks) * 0x100_0000_01B3;      // FNV-1a
    }

    /// <summary>When a timer is due, and which of two comes first that are due at once.</summary>
    private readonly record struct Moment(long DueTicks, long Order) : IComparable<Moment>
    {
        public int CompareTo(Moment other) => DueTicks != other.DueTicks ? DueTicks.CompareTo(other.DueTicks) : Order.CompareTo(other.Order);
    }

    private readonly record struct ReadyItem(SimulatedProcess Process, SendOrPostCallback Callback, object? State);
}
