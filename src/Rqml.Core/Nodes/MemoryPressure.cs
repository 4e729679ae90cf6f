namespace Rqml.Nodes;

/// <summary>How full the memory is that this process may use, now: its working set in the limit of heap, container or machine, whichever is the least.</summary>
/// <remarks>The collector's own figure of the memory load is that of its last run, and an idle process may not see another for hours.</remarks>
internal static class MemoryPressure
{
    public static double OfProcess()
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return limit > 0 ? Math.Clamp((double)Environment.WorkingSet / limit, 0, 1) : 0;
    }
}
