using Google.Protobuf;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Protocol;
using Rqml.Storage.Etcd.Reads;
using Compare = Rqml.Cluster.Compare;
using Comparison = Rqml.Storage.Etcd.Protocol.Compare;

namespace Rqml.Storage.Etcd.Transactions;

/// <summary>Says a transaction as etcd says it, and reads what became of it.</summary>
internal static class TransactionCodec
{
    // To etcd a key that does not exist was written at 0; to whoever uses this seam it was not written.
    private const long Never = -1;

    public static TxnRequest Write(CoordinationTransaction transaction)
    {
        var request = new TxnRequest();
        request.Compare.AddRange(transaction.Compares.Select(Write));
        request.Success.AddRange(transaction.Changes.Select(Write));
        if (request.Success.Count > 0 || request.Compare.Count == 0) return request;

        // A transaction that does nothing is answered by a member from what it knows, however old. One that reads is not. The key is one that the user may read.
        var read = new RequestOp { RequestRange = new RangeRequest { Key = request.Compare[0].Key, CountOnly = true } };
        request.Success.Add(read);
        request.Failure.Add(read);
        return request;
    }

    /// <summary>The answer itself, where it is one to that request.</summary>
    /// <exception cref="InvalidAnswerException">It is none: what became of the transaction is not known.</exception>
    public static TxnResponse Checked(TxnRequest request, TxnResponse answer)
    {
        var expected = answer.Succeeded ? request.Success : request.Failure;
        if (answer.Responses.Count != expected.Count) throw new InvalidAnswerException($"{answer.Responses.Count} results of {expected.Count} operations");
        for (var i = 0; i < expected.Count; i++)
        {
            var fits = expected[i].RequestCase switch
            {
                RequestOp.RequestOneofCase.RequestPut => ResponseOp.ResponseOneofCase.ResponsePut,
                RequestOp.RequestOneofCase.RequestDeleteRange => ResponseOp.ResponseOneofCase.ResponseDeleteRange,
                _ => ResponseOp.ResponseOneofCase.ResponseRange,
            };
            if (answer.Responses[i].ResponseCase != fits) throw new InvalidAnswerException($"'{answer.Responses[i].ResponseCase}' as the result of '{expected[i].RequestCase}'");
        }

        return answer;
    }

    private static Comparison Write(Compare compare)
    {
        var key = KeyRange.Bytes(compare.Key);
        return compare switch
        {
            Compare.Absent => new Comparison { Key = key, Target = Comparison.Types.CompareTarget.Create, CreateRevision = 0 },
            Compare.ModifiedAt at => new Comparison { Key = key, Target = Comparison.Types.CompareTarget.Mod, ModRevision = at.Revision > 0 ? at.Revision : Never },
            Compare.Holds holds => new Comparison { Key = key, Target = Comparison.Types.CompareTarget.Value, Value = ByteString.CopyFrom(holds.Value.Span) },
            _ => throw new ArgumentException($"There is no compare of type {compare.GetType().Name}.", nameof(compare)),
        };
    }

    private static RequestOp Write(Change change) => change switch
    {
        Change.Put put => new RequestOp { RequestPut = new PutRequest { Key = KeyRange.Bytes(put.Key), Value = ByteString.CopyFrom(put.Value.Span), Lease = put.Lease.Value } },
        Change.Delete delete => new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = KeyRange.Bytes(delete.Key) } },
        _ => throw new ArgumentException($"There is no change of type {change.GetType().Name}.", nameof(change)),
    };
}
