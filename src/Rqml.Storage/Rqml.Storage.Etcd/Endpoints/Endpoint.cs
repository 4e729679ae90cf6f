namespace Rqml.Storage.Etcd.Endpoints;

/// <summary>One member of etcd as it is reached from here: its address, the connection to it, who we are there, and what was last heard of it.</summary>
internal sealed class Endpoint(Uri address, Login? login, Func<Connection> connect)
{
    private readonly Lock _lock = new();
    private Connection? _connection;
    private bool _isClosed;

    public string Address { get; } = address.GetLeftPart(UriPartial.Authority);

    public Login? Login => login;

    /// <summary>The cluster that it last answered for; 0: it has not answered yet.</summary>
    public ulong Cluster { get; set; }

    /// <summary>Whether nothing was answered since: who was once of another cluster may be gone for good.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Whether the last call failed; its changes are what is logged.</summary>
    public bool IsFailing { get; set; }

    /// <summary>A connection that stays open until the caller leaves it.</summary>
    public Connection Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _connection ??= connect();
            _connection.Enter();
            return _connection;
        }
    }

    /// <summary>Whatever did not answer may be a connection whose other end is gone without a word: the next call makes its own.</summary>
    public void Replace(Connection silent)
    {
        lock (_lock)
        {
            if (_connection != silent) return;
            _connection = null;
        }

        silent.Leave();
    }

    public void Close()
    {
        Connection? connection;
        lock (_lock) (connection, _connection, _isClosed) = (_connection, null, true);
        connection?.Leave();
    }
}
