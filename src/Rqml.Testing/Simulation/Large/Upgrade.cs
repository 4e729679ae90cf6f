namespace Rqml.Testing.Simulation.Large;

/// <summary>
/// A rolling upgrade: each machine is stopped once, and started with version 2 of the simulated class; or twice, by way of both versions. At its end nobody serves version 1.
/// </summary>
internal sealed class Upgrade
{
    public const int Old = 1;
    public const int New = 2;

    public static IReadOnlyList<int> Both { get; } = [Old, New];

    private readonly IReadOnlyList<SimulatedMachine> _machines;
    private readonly Queue<IReadOnlyList<int>> _rounds = new();
    private readonly List<SimulatedMachine> _left = [];
    private readonly long _beginTicks;
    private readonly long _stepTicks;
    private int _done;

    /// <param name="world">Whose draws decide.</param>
    /// <param name="machines">All of the cluster.</param>
    /// <param name="begin">When it begins, from now.</param>
    /// <param name="length">How long it takes.</param>
    public Upgrade(World world, IReadOnlyList<SimulatedMachine> machines, TimeSpan begin, TimeSpan length)
    {
        _machines = machines;
        if (world.Chance(0.5)) _rounds.Enqueue(Both);
        _rounds.Enqueue([New]);
        _beginTicks = world.NowTicks + begin.Ticks;
        _stepTicks = length.Ticks / (_rounds.Count * machines.Count);
    }

    /// <summary>Machines that are still to be upgraded in this round; none once the last round is over.</summary>
    public IReadOnlyList<SimulatedMachine> Left
    {
        get
        {
            if (_left.Count == 0 && _rounds.Count > 0) _left.AddRange(_machines);
            return _left;
        }
    }

    /// <summary>Whether it is time for the next machine.</summary>
    public bool IsDue(long nowTicks) => nowTicks >= _beginTicks + (_done * _stepTicks) && Left.Count > 0;

    /// <summary>The machine gets what its round brings, from its next start on.</summary>
    public void Take(SimulatedMachine machine)
    {
        _done++;
        machine.Versions = _rounds.Peek();
        _left.Remove(machine);
        if (_left.Count == 0) _rounds.Dequeue();
    }
}
