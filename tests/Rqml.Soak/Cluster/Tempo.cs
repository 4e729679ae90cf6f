namespace Rqml.Soak.Cluster;

/// <summary>How long things last in a run, of which the long form takes its time and the short one no more than it has to.</summary>
/// <param name="CallMs">Milliseconds that each call of a model takes longer: a task is at a model nearly always.</param>
/// <param name="Rest">Before a blow, at the least.</param>
/// <param name="MoreRest">At most so much more: whatever a process is at then is what it is hit in.</param>
/// <param name="Down">From a kill to the next start.</param>
/// <param name="Stopped">How long a process is stopped: longer than its lease.</param>
/// <param name="CutOff">How long its links are cut, as long.</param>
/// <param name="After">From the end of a silence to what comes next.</param>
/// <param name="SeesAll">Whether it is long enough to ask that everything was seen that it is about; the short form only says what it saw.</param>
internal sealed record Tempo(int CallMs, TimeSpan Rest, TimeSpan MoreRest, TimeSpan Down, TimeSpan Stopped, TimeSpan CutOff, TimeSpan After, bool SeesAll)
{
    /// <summary>Who is stopped or cut off goes on with what it has until it is told what is settled: by then, counted from the settlement, the longest silence and some seconds more have passed.</summary>
    public TimeSpan Grace => TimeSpan.FromSeconds(5) + (Stopped > CutOff ? Stopped : CutOff);

    public static Tempo Full { get; } = new(3_000, Rest: TimeSpan.FromSeconds(8), MoreRest: TimeSpan.FromSeconds(4), Down: TimeSpan.FromSeconds(5), Stopped: TimeSpan.FromSeconds(30), CutOff: TimeSpan.FromSeconds(20), After: TimeSpan.FromSeconds(5), SeesAll: true);

    public static Tempo Short { get; } = new(500, Rest: TimeSpan.FromSeconds(1), MoreRest: TimeSpan.FromSeconds(1), Down: TimeSpan.FromSeconds(1.5), Stopped: TimeSpan.FromSeconds(8.5), CutOff: TimeSpan.FromSeconds(8.5), After: TimeSpan.FromSeconds(2), SeesAll: false);
}
