using Rqml.Cluster;

namespace Rqml.Nodes;

/// <summary>Remembers which assignments of the current term were obeyed, so that none is obeyed twice: a sliding window over the leader's numbers (as in RFC 4303, 3.4.3).</summary>
internal sealed class ObeyedEpochs
{
    private const int Window = 65_536;
    private readonly ulong[] _bits = new ulong[Window / 64];
    private Term _term;
    private long _highest;

    /// <summary>True, once, for each epoch that is not older than the window.</summary>
    public bool TryObey(Epoch epoch)
    {
        var term = new Term(epoch.Generation, epoch.Term);
        if (term < _term || epoch.IsSelfAttempt) return false;      // what a node gave itself no leader gives out
        if (term > _term)
        {
            _term = term;
            _highest = 0;
            Array.Clear(_bits);
        }

        if (epoch.Number <= _highest - Window) return false;
        for (var skipped = Math.Max(_highest + 1, epoch.Number - Window + 1); skipped <= epoch.Number; skipped++) Clear(skipped);
        _highest = Math.Max(_highest, epoch.Number);
        ref var word = ref _bits[epoch.Number % Window / 64];
        var bit = 1UL << (int)(epoch.Number % 64);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    public string Describe() =>
        $"{_term}:{string.Join(',', Enumerable.Range(0, (int)Math.Min(_highest, Window)).Select(back => _highest - back).Where(number => (_bits[number % Window / 64] & (1UL << (int)(number % 64))) != 0))}";

    private void Clear(long number) => _bits[number % Window / 64] &= ~(1UL << (int)(number % 64));
}
