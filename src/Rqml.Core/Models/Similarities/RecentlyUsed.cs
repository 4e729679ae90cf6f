using System.Diagnostics.CodeAnalysis;

namespace Rqml.Models;

/// <summary>The values that were used last, at most so many: a new one takes the place of the one not used for longest. Thread-safe; every call takes constant time.</summary>
/// <remarks>The equality is asked under the lock: it is a plain comparison, and may neither wait nor come back here.</remarks>
internal sealed class RecentlyUsed<TKey, TValue>(int capacity, IEqualityComparer<TKey> equality)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly LinkedList<KeyValuePair<TKey, TValue>> _newestFirst = new();
    private readonly Dictionary<TKey, LinkedListNode<KeyValuePair<TKey, TValue>>> _byKey = new(equality);      // Invariant: the nodes of _newestFirst, each once

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out var node))
            {
                value = default;
                return false;
            }

            _newestFirst.Remove(node);
            _newestFirst.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Set(TKey key, TValue value)
    {
        lock (_lock)
        {
            if (_byKey.Remove(key, out var replaced)) _newestFirst.Remove(replaced);
            _byKey.Add(key, _newestFirst.AddFirst(KeyValuePair.Create(key, value)));
            if (_byKey.Count <= capacity) return;
            _byKey.Remove(_newestFirst.Last!.Value.Key);
            _newestFirst.RemoveLast();
        }
    }
}
