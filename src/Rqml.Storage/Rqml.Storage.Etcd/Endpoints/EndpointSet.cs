using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Endpoints;

/// <summary>The endpoints in turn: all calls go to one until it fails, then to the next.</summary>
internal sealed partial class EndpointSet
{
    private readonly Endpoint[] _endpoints;
    private readonly Lock _lock = new();
    private readonly ILogger _logger;
    private int _current;

    public EndpointSet(EtcdOptions options, Credentials credentials, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        var login = options is { UserName: { } user, Password: { } password } ? () => new Login(user, password) : (Func<Login?>)(() => null);
        _endpoints = [.. EndpointList.Parse(options.Endpoints)!.Select(address => new Endpoint(address, login(), () => new Connection(address, options.ConnectTimeout, credentials, time)))];
    }

    public int Count => _endpoints.Length;

    public Endpoint Current
    {
        get { lock (_lock) return _endpoints[_current]; }
    }

    /// <summary>A call has failed there: the next goes to the endpoint after it, unless another call has moved on already.</summary>
    public void Failed(Endpoint endpoint, Failure failure)
    {
        bool isNew;
        lock (_lock)
        {
            LeaveLocked(endpoint);
            (isNew, endpoint.IsFailing, endpoint.IsSilent) = (!endpoint.IsFailing, true, true);
        }

        if (isNew) Log.Failing(_logger, endpoint.Address, failure.Cause);
    }

    /// <summary>A call was answered there.</summary>
    /// <exception cref="InvalidAnswerException">The answer has no header, or one that cannot be.</exception>
    /// <exception cref="OtherClusterException">Another endpoint has last answered for another cluster, and may again.</exception>
    public void Answered(Endpoint endpoint, ResponseHeader? header)
    {
        if (header is not { ClusterId: not 0, Revision: > 0 }) throw new InvalidAnswerException("an answer without cluster or revision");
        bool wasFailing;
        lock (_lock)
        {
            (endpoint.Cluster, endpoint.IsSilent) = (header.ClusterId, false);

            // Two stores behind one list would each elect a leader. After members were restored from a backup each answers for the new cluster once; those that are gone are not waited for where
            // most of the list has answered.
            var isOfMost = _endpoints.Count(other => other.Cluster == endpoint.Cluster) > _endpoints.Length / 2;
            foreach (var other in _endpoints)
            {
                if (other.Cluster != 0 && other.Cluster != endpoint.Cluster && !(isOfMost && other.IsSilent)) throw new OtherClusterException(endpoint, other);
            }

            (wasFailing, endpoint.IsFailing) = (endpoint.IsFailing, false);
        }

        if (wasFailing) Log.AnswersAgain(_logger, endpoint.Address);
    }

    /// <summary>A call was refused there, as it would be elsewhere; but one that belongs to another cluster is left, so that all of a restored one are asked in turn.</summary>
    public void Refused(Endpoint endpoint, Failure failure)
    {
        bool isNew;
        lock (_lock)
        {
            if (failure.Refusal == CoordinationRefusal.OtherCluster) LeaveLocked(endpoint);
            (isNew, endpoint.IsFailing) = (!endpoint.IsFailing, true);
        }

        if (isNew) Log.Refusing(_logger, endpoint.Address, failure.Refusal, failure.Cause);
    }

    public void Close()
    {
        foreach (var endpoint in _endpoints)
        {
            endpoint.Close();
            endpoint.Login?.Dispose();
        }
    }

    private void LeaveLocked(Endpoint endpoint)
    {
        if (_endpoints[_current] == endpoint) _current = (_current + 1) % _endpoints.Length;
    }
}

/// <summary>Two endpoints of the list belong to two clusters. Never leaves this package.</summary>
internal sealed class OtherClusterException(Endpoint endpoint, Endpoint other)
    : Exception($"{endpoint.Address} answers for cluster {endpoint.Cluster:x16}, {other.Address} for {other.Cluster:x16}");
