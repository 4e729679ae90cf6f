namespace Rqml.Queues;

/// <summary>What a <see cref="LazyHeap{TKey}"/> sorts by; static, so that the comparison is compiled into the heap.</summary>
internal interface IHeapKey<TSelf> where TSelf : struct, IHeapKey<TSelf>
{
    static abstract bool Before(in TSelf left, in TSelf right);
}
