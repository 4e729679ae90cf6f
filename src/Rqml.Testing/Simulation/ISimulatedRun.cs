namespace Rqml.Testing.Simulation;

/// <summary>One seeded run, of whatever kind of cluster.</summary>
internal interface ISimulatedRun
{
    /// <summary>Items that ran.</summary>
    long Events { get; }

    /// <summary>A fingerprint of everything that ran, in order.</summary>
    ulong Trace { get; }

    /// <summary>Where the run is told, line by line; null where nobody listens.</summary>
    TextWriter? Story { get; set; }

    /// <summary>Runs to the end; the violations that were found.</summary>
    IReadOnlyList<string> Run();
}
