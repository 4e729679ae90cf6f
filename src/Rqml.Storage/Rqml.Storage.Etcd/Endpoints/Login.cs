using Grpc.Core;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Endpoints;

/// <summary>The user at one endpoint: a token in exchange for the password, asked for when there is none or the server has forgotten it.</summary>
/// <remarks>Each endpoint has its own: the times to live of etcd's simple tokens are counted by each member for itself.</remarks>
internal sealed class Login(string user, string password) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);      // the server spends some 70 ms of a core on each password
    private string? _token;      // null: not asked for yet; empty: the server knows no users

    /// <summary>The token; empty where the server knows no users, as one does that is being set up.</summary>
    public async ValueTask<string> TokenAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _token) is { } known) return known;
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_token is not { } token) Volatile.Write(ref _token, token = await AskAsync(connection, cancellationToken).ConfigureAwait(false));
            return token;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The server does not know it any more. One that has come since is kept.</summary>
    public void Forget(string token)
    {
        var held = Volatile.Read(ref _token);
        if (held == token) Interlocked.CompareExchange(ref _token, null, held);
    }

    public void Dispose() => _one.Dispose();

    public override string ToString() => nameof(Login);      // never user or password

    private async Task<string> AskAsync(Connection connection, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await connection.Users.AuthenticateAsync(new AuthenticateRequest { Name = user, Password = password }, cancellationToken: cancellationToken).ConfigureAwait(false);
            return answer.Token.Length > 0 ? answer.Token : throw new InvalidAnswerException("a login without a token");
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.FailedPrecondition && error.Status.Detail == EtcdStatus.NoUsers)
        {
            return "";
        }
    }
}
