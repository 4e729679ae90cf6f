namespace Rqml.Testing.Simulation.Large;

/// <summary>What strikes machines of large clusters, beside all that strikes those of small ones.</summary>
internal enum LargeFault
{
    /// <summary>A machine hears, and is not heard, or the other way round.</summary>
    OneWay,

    /// <summary>Its links to many others come and go, faster than silence is noticed.</summary>
    Flap,

    /// <summary>Its workers take many times as long.</summary>
    SlowWorkers,

    /// <summary>Its workers hang now and then.</summary>
    HangingWorkers,

    /// <summary>Its workers die now and then.</summary>
    CrashingWorkers,

    /// <summary>Its clock is set.</summary>
    ClockSet,

    /// <summary>It is stopped, and started again with other versions of the task class.</summary>
    Upgrade,
}

/// <summary>What struck machines of large clusters, and what they were about.</summary>
internal sealed class LargeCoverage() : HitTable<LargeFault, StruckState>(static (_, _) => true);
