using System.Runtime.InteropServices;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>
/// The classes whose tasks have nowhere to go, and when an operator hears that no node runs one that is waited for. Apart from the queue, as it goes by classes and never looks at a task.
/// </summary>
internal sealed class ParkedClasses(Peer self, NodePool pool, long patienceMs)
{
    private const long Told = long.MaxValue / 2;      // since then nothing is due

    private readonly HashSet<ClassKey> _parked = [];
    private readonly Dictionary<ClassKey, int> _open = [];          // tasks of a class; none: no entry
    private readonly Dictionary<ClassKey, long> _unserved = [];     // since when no node runs a class that is waited for, or that it was told of

    public bool IsEmpty => _parked.Count == 0;

    public bool Contains(ClassKey @class) => _parked.Contains(@class);

    /// <summary>False where it is parked already.</summary>
    public bool Park(ClassKey @class) => _parked.Add(@class);

    /// <summary>A node that serves the class has room; false where it was not parked.</summary>
    public bool Unpark(ClassKey @class)
    {
        if (!_parked.Remove(@class)) return false;
        _unserved.Remove(@class);
        return true;
    }

    /// <summary>A task of the class is open.</summary>
    public void Open(ClassKey @class) => CollectionsMarshal.GetValueRefOrAddDefault(_open, @class, out _)++;

    /// <summary>A task of the class is settled. With the last one nobody waits for a node any more: the next one's wait begins anew.</summary>
    public void Settle(ClassKey @class)
    {
        ref var open = ref CollectionsMarshal.GetValueRefOrNullRef(_open, @class);
        if (--open > 0) return;
        _open.Remove(@class);
        _unserved.Remove(@class);
    }

    /// <summary>Tasks of a class, or of a version of it, that no node runs wait until one joins that does. A node that restarts may take a while; after that it is worth a word, once.</summary>
    public void TellOfUnserved(Term term, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        foreach (var @class in _parked)
        {
            if (!_open.TryGetValue(@class, out var waiting)) continue;
            if (pool.Serves(@class)) _unserved.Remove(@class);
            else if (!_unserved.TryGetValue(@class, out var sinceMs)) _unserved.Add(@class, nowMs);
            else if (sinceMs + patienceMs <= nowMs)
            {
                _unserved[@class] = Told;
                effects.Add(SchedulerEffect.Tell(SchedulerNews.Unserved, self, term, waiting, @class));
            }
        }
    }

    public void Clear()
    {
        _parked.Clear();
        _open.Clear();
        _unserved.Clear();
    }

    /// <summary>Which they are, for explorations that tell states apart.</summary>
    public override string ToString() => string.Join(',', _parked);
}
