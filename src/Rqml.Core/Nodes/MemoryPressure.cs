namespace Rqml.Nodes;

/// <summary>How full the memory is that this process may use, as the garbage collector last saw it: cgroup limits included.</summary>
internal static class MemoryPressure
{
    public static double OfProcess()
    {
        var memory = GC.GetGCMemoryInfo();
        return memory.TotalAvailableMemoryBytes > 0 ? Math.Clamp((double)memory.MemoryLoadBytes / memory.TotalAvailableMemoryBytes, 0, 1) : 0;
    }
}
