using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Reads;

/// <summary>Reads a prefix page by page, all as of the revision of the first page, which is the newest that any member has agreed to.</summary>
/// <param name="client">Makes the calls.</param>
/// <param name="logger">What operators see.</param>
/// <param name="maxBytes">Most that a prefix may hold.</param>
internal sealed partial class PrefixReader(EtcdClient client, ILogger logger, long maxBytes = PrefixReader.MaxBytes)
{
    /// <summary>Entries of a page. Up to 3.4.23 each page costs the server a walk to the end of the prefix: few and large ones are cheaper.</summary>
    public const int PageEntries = 1_000;

    /// <summary>Most that a prefix may hold, unless something else is said. A whole cluster is meant to keep less than this in its store.</summary>
    public const long MaxBytes = 256 << 20;

    private const int MaxRestarts = 4;

    public async Task<CoordinationSnapshot> ReadAsync(KeyRange range, CancellationToken cancellationToken)
    {
        for (var restarts = 0; restarts <= MaxRestarts; restarts++)
        {
            if (await TryReadAsync(range, cancellationToken).ConfigureAwait(false) is { } snapshot) return snapshot;
        }

        throw new CoordinationUnavailableException(client.Name, $"its history was compacted {MaxRestarts + 1} times while a prefix was read");
    }

    /// <summary>Null where the revision of the first page was compacted before the last had come.</summary>
    private async Task<CoordinationSnapshot?> TryReadAsync(KeyRange range, CancellationToken cancellationToken)
    {
        var request = new RangeRequest { Key = range.First, RangeEnd = range.End, Limit = PageEntries };
        var entries = new List<CoordinationEntry>();
        var bytes = 0L;
        while (true)
        {
            var (page, failure) = await client.TryAskAsync(Repeat.Harmless, async (to, options) => Checked(request, range, await to.Keys.RangeAsync(request, options).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
            switch (failure)
            {
                case { Kind: FailureKind.Compacted } when request.Revision != 0:
                    return null;
                case { Kind: FailureKind.TooLong } when request.Limit > 1:
                    request.Limit /= 2;
                    continue;
                case not null:
                    throw client.ErrorOf(failure);
            }

            if (request.Revision == 0) request.Revision = page!.Header.Revision;
            Add(page!, entries);
            bytes += page!.CalculateSize();
            if (bytes > maxBytes) throw new CoordinationRefusedException(client.Name, CoordinationRefusal.TooLarge, $"a prefix holds more than {maxBytes} bytes");
            if (page.More) request.Key = KeyRange.After(page.Kvs[^1].Key);
            else break;
        }

        // etcd orders by bytes. That is the order of text but for characters beyond the first 65,536.
        entries.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        return new CoordinationSnapshot(request.Revision, entries);
    }

    private static RangeResponse Checked(RangeRequest request, KeyRange range, RangeResponse page)
    {
        var revision = request.Revision > 0 ? request.Revision : page.Header?.Revision ?? 0;
        if (page.Kvs.Count > request.Limit || (page.More && page.Kvs.Count == 0)) throw new InvalidAnswerException($"a page of {page.Kvs.Count} keys where {request.Limit} were asked for");
        var before = ByteString.Empty;
        foreach (var found in page.Kvs)
        {
            if (found.Key.Span.SequenceCompareTo(before.Span) <= 0 || found.Key.Span.SequenceCompareTo(request.Key.Span) < 0) throw new InvalidAnswerException("keys that are not in order");
            Entries.Check(found, range, revision);
            before = found.Key;
        }

        return page;
    }

    private void Add(RangeResponse page, List<CoordinationEntry> entries)
    {
        foreach (var found in page.Kvs)
        {
            if (Entries.Read(found) is { } entry) entries.Add(entry);
            else Log.Skipped(logger, client.Name, Convert.ToHexString(found.Key.Span[..Math.Min(64, found.Key.Length)]));
        }
    }

    // Event ids 4210 to 4219.
    private static partial class Log
    {
        [LoggerMessage(4211, LogLevel.Debug, "A key of {Store} is no text and was skipped: {Key}")]
        public static partial void Skipped(ILogger logger, string store, string key);
    }
}
