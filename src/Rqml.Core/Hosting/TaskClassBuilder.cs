using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Models;
using Rqml.Models.Routing;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml;

/// <summary>Says what runs a task class and when it is done. Not thread-safe; used at start only.</summary>
public sealed class TaskClassBuilder<TPayload, TArtifact>
{
    private const int MaxModels = 64;
    private const int MaxNameLength = 128;

    private readonly TaskClass<TPayload, TArtifact> _class;
    private readonly List<ModelDescriptor> _models = [];
    private readonly Dictionary<string, Func<IServiceProvider, IRefinementModel<TPayload, TArtifact>>> _code = [];
    private readonly List<Func<IServiceProvider, IArtifactValidator<TPayload, TArtifact>>> _validators = [];
    private readonly List<string> _faults = [];
    private Func<IServiceProvider, IArtifactScorer<TPayload, TArtifact>>? _scorer;
    private Func<IServiceProvider, IArtifactSimilarity<TArtifact>>? _similarity;
    private ISupervisionPolicy? _supervision;
    private IEscalationPolicy? _escalation;
    private ClassPolicy _policy = new();

    internal TaskClassBuilder(TaskClass<TPayload, TArtifact> @class) => _class = @class;

    /// <summary>Adds a model that the host's services make, once.</summary>
    /// <param name="tier">Its size: escalation goes from 0 up.</param>
    /// <param name="family">Models of one family fail alike; default: its type's name.</param>
    /// <param name="name">Unique in the class; default: its type's name.</param>
    /// <param name="cost">Declared cost of a call, above or equal to zero.</param>
    /// <param name="device">The kind of lane that a call needs; default "cpu". Others are declared with <c>AddDevices</c>; a node without them does not run the class.</param>
    /// <param name="concurrency">How many of its calls a node makes at once; default: as many as there are lanes.</param>
    public TaskClassBuilder<TPayload, TArtifact> AddModel<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TModel>(
        int tier = 0, string? family = null, string? name = null, double cost = 1, string device = NodeSettings.Processor, ModelConcurrency? concurrency = null)
        where TModel : class, IRefinementModel<TPayload, TArtifact> =>
        Add(name ?? typeof(TModel).Name, tier, family ?? typeof(TModel).Name, cost, device, concurrency, services => ActivatorUtilities.GetServiceOrCreateInstance<TModel>(services));

    /// <summary>Adds a model that is a delegate.</summary>
    public TaskClassBuilder<TPayload, TArtifact> AddModel(
        string name, Func<RefinementContext<TPayload, TArtifact>, CancellationToken, ValueTask<Refinement<TArtifact>>> refine,
        int tier = 0, string? family = null, double cost = 1, string device = NodeSettings.Processor, ModelConcurrency? concurrency = null)
    {
        ArgumentNullException.ThrowIfNull(refine);
        var model = new DelegateModel(refine);
        return Add(name, tier, family ?? name, cost, device, concurrency, _ => model);
    }

    /// <summary>Adds a model that a function makes from the host's services, once, when the host starts.</summary>
    /// <param name="name">Unique in the class.</param>
    /// <param name="model">Makes it. What it throws keeps the host from starting.</param>
    /// <param name="tier">Its size: escalation goes from 0 up.</param>
    /// <param name="family">Models of one family fail alike; default: its name.</param>
    /// <param name="cost">Declared cost of a call, above or equal to zero.</param>
    /// <param name="device">The kind of lane that a call needs; default "cpu".</param>
    /// <param name="concurrency">How many of its calls a node makes at once; default: as many as there are lanes.</param>
    public TaskClassBuilder<TPayload, TArtifact> AddModel(
        string name, Func<IServiceProvider, IRefinementModel<TPayload, TArtifact>> model,
        int tier = 0, string? family = null, double cost = 1, string device = NodeSettings.Processor, ModelConcurrency? concurrency = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Add(name, tier, family ?? name, cost, device, concurrency, services => model(services) ?? throw NothingMade(nameof(AddModel)));
    }

    /// <summary>An artifact has converged when every one of these rules holds. One rule or more.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ConvergeWhenAll(params ConvergenceRule[] rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _policy = _policy with { Rules = Check(rules, nameof(ConvergeWhenAll)), AnyRule = false };
        return this;
    }

    /// <summary>An artifact has converged when one of these rules holds. One rule or more.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ConvergeWhenAny(params ConvergenceRule[] rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _policy = _policy with { Rules = Check(rules, nameof(ConvergeWhenAny)), AnyRule = true };
        return this;
    }

    /// <summary>A converged artifact below this score is not good enough: the ladder says what is tried next, from the best. From 0 to 1; needs a score.</summary>
    public TaskClassBuilder<TPayload, TArtifact> AcceptAt(double score)
    {
        Check(score is >= 0 and <= 1, nameof(AcceptAt), score, "0 to 1");
        _policy = _policy with { AcceptAt = score };
        return this;
    }

    /// <summary>What scores artifacts; without it a score is the model's own confidence.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ScoreWith<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TScorer>()
        where TScorer : class, IArtifactScorer<TPayload, TArtifact>
    {
        _scorer = services => ActivatorUtilities.GetServiceOrCreateInstance<TScorer>(services);
        return this;
    }

    /// <summary>What scores artifacts, made once from the host's services when the host starts. What <paramref name="scorer"/> throws keeps the host from starting.</summary>
    public TaskClassBuilder<TPayload, TArtifact> ScoreWith(Func<IServiceProvider, IArtifactScorer<TPayload, TArtifact>> scorer)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        _scorer = services => scorer(services) ?? throw NothingMade(nameof(ScoreWith));
        return this;
    }

    /// <summary>What compares artifacts; without it they are alike when their bytes are equal.</summary>
    public TaskClassBuilder<TPayload, TArtifact> CompareWith<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSimilarity>()
        where TSimilarity : class, IArtifactSimilarity<TArtifact>
    {
        _similarity = services => ActivatorUtilities.GetServiceOrCreateInstance<TSimilarity>(services);
        return this;
    }

    /// <summary>What compares artifacts, as it is: one of <see cref="Similarity"/>, or your own.</summary>
    public TaskClassBuilder<TPayload, TArtifact> CompareWith(IArtifactSimilarity<TArtifact> similarity)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        _similarity = _ => similarity;
        return this;
    }

    /// <summary>What compares artifacts, made once from the host's services: an embedding that needs a client, say.</summary>
    public TaskClassBuilder<TPayload, TArtifact> CompareWith(Func<IServiceProvider, IArtifactSimilarity<TArtifact>> similarity)
    {
        ArgumentNullException.ThrowIfNull(similarity);
        _similarity = services => similarity(services) ?? throw NothingMade(nameof(CompareWith));
        return this;
    }

    /// <summary>
    /// Adds a validator. Several are weighed against one another by how far each can be relied on, by the log-odds of its reliability (Nitzan and Paroush 1982): as
    /// expected at first, as measured against the others later.
    /// </summary>
    /// <param name="reliability">How often its verdict is expected to be right, from 0.5 to 1. At 1 it has the last word, as an exact check has. Default 0.9.</param>
    /// <param name="name">1 to 128 characters, unique in the class; default: its type's name.</param>
    public TaskClassBuilder<TPayload, TArtifact> ValidateWith<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TValidator>(double reliability = 0.9, string? name = null)
        where TValidator : class, IArtifactValidator<TPayload, TArtifact>
    {
        return Add(name ?? typeof(TValidator).Name, reliability, services => ActivatorUtilities.GetServiceOrCreateInstance<TValidator>(services));
    }

    /// <summary>Adds a validator that a function makes from the host's services, once, when the host starts; weighed as any other.</summary>
    /// <param name="name">1 to 128 characters, unique in the class.</param>
    /// <param name="validator">Makes it. What it throws keeps the host from starting.</param>
    /// <param name="reliability">How often its verdict is expected to be right, from 0.5 to 1. At 1 it has the last word. Default 0.9.</param>
    public TaskClassBuilder<TPayload, TArtifact> ValidateWith(string name, Func<IServiceProvider, IArtifactValidator<TPayload, TArtifact>> validator, double reliability = 0.9)
    {
        ArgumentNullException.ThrowIfNull(validator);
        return Add(name, reliability, services => validator(services) ?? throw NothingMade(nameof(ValidateWith)));
    }

    private TaskClassBuilder<TPayload, TArtifact> Add(string name, double reliability, Func<IServiceProvider, IArtifactValidator<TPayload, TArtifact>> validator)
    {
        Check(reliability is >= 0.5 and <= 1, $"{nameof(ValidateWith)}({nameof(reliability)})", reliability, "0.5 to 1");
        var isNew = !_policy.Validators.Any(validator => validator.Name == name);
        Check(IsName(name) && isNew, $"{nameof(ValidateWith)}({nameof(name)})", name, $"1 to {MaxNameLength} characters that no other validator of the class has");
        _validators.Add(validator);
        _policy = _policy with { Validators = [.. _policy.Validators, new ValidatorDescriptor(name, reliability)] };
        return this;
    }

    /// <summary>What counts as a loop that does not get on.</summary>
    /// <param name="stallAfter">Iterations in which the best score gains less than <paramref name="improvement"/>. Default 5; in a class without a bar no fewer than its rules need. From 2 to 1,000.</param>
    /// <param name="improvement">What counts as progress of the best score. Default 0.001. Above 0, to 1.</param>
    /// <param name="tolerance">How far below the best a score may be; twice running further is a divergence. Default 0.05. From 0 to 1.</param>
    public TaskClassBuilder<TPayload, TArtifact> Monitor(int? stallAfter = null, double? improvement = null, double? tolerance = null)
    {
        Check(stallAfter is null or (>= 2 and <= 1_000), $"{nameof(Monitor)}({nameof(stallAfter)})", stallAfter, "2 to 1,000");
        Check(improvement is null or (> 0 and <= 1), $"{nameof(Monitor)}({nameof(improvement)})", improvement, "above 0, to 1");
        Check(tolerance is null or (>= 0 and <= 1), $"{nameof(Monitor)}({nameof(tolerance)})", tolerance, "0 to 1");
        var monitor = _policy.Monitor;
        _policy = _policy with
        {
            Monitor = new ConvergenceMonitor { StallAfter = stallAfter ?? monitor.StallAfter, Improvement = improvement ?? monitor.Improvement, Tolerance = tolerance ?? monitor.Tolerance },
        };
        return this;
    }

    /// <summary>
    /// Lets models vote where the ladder calls for it. Each voter gets payload and artifact, on another node as far as there are, and knows of no other ballot; one
    /// whose model would leave the artifact nearly as it is votes for it. More than half of the voters have to be of one mind.
    /// </summary>
    /// <param name="voters">3 or 5, of as many families as the class has. Default 3.</param>
    /// <param name="agreement">How similar what a voter makes of the artifact has to be to it. Default 0.9. Above 0, to 1.</param>
    /// <param name="deadline">Who has not voted by then abstains. Default 1 min. From 10 ms to 1 day.</param>
    /// <param name="weighted">Whether a ballot weighs by the measured reliability of its model, rather than each the same.</param>
    public TaskClassBuilder<TPayload, TArtifact> Vote(int voters = 3, double agreement = 0.9, TimeSpan? deadline = null, bool weighted = false)
    {
        var patience = deadline ?? TimeSpan.FromMinutes(1);
        Check(voters is 3 or 5, $"{nameof(Vote)}({nameof(voters)})", voters, "3 or 5");
        Check(agreement is > 0 and <= 1, $"{nameof(Vote)}({nameof(agreement)})", agreement, "above 0, to 1");
        Check(patience >= TimeSpan.FromMilliseconds(10) && patience <= TimeSpan.FromDays(1), $"{nameof(Vote)}({nameof(deadline)})", deadline, "10 ms to 1 day");
        _policy = _policy with { Vote = new VotePolicy(voters, agreement, patience, weighted) };
        return this;
    }

    /// <summary>Passes an iteration makes when the ladder asks for diversity. Default 3. From 2 to 16.</summary>
    public TaskClassBuilder<TPayload, TArtifact> Diversify(int passes)
    {
        Check(passes is >= 2 and <= PassPlan.MaxPasses, nameof(Diversify), passes, "2 to 16");
        _policy = _policy with { DiversePasses = passes };
        return this;
    }

    /// <summary>What chooses between models; without it the smallest begins, and a larger one follows when supervision asks for it.</summary>
    public TaskClassBuilder<TPayload, TArtifact> RouteWith(IModelRouter router)
    {
        ArgumentNullException.ThrowIfNull(router);
        _policy = _policy with { Router = router };
        return this;
    }

    /// <summary>What is tried when a loop does not get on; without it <see cref="Ladder.Default"/>. Part of the usual policy: a fault at start together with <see cref="SuperviseWith"/>.</summary>
    public TaskClassBuilder<TPayload, TArtifact> EscalateWith(IEscalationPolicy escalation)
    {
        ArgumentNullException.ThrowIfNull(escalation);
        Check(EscalationVersion.IsValid(escalation.Version), $"{nameof(EscalateWith)}({nameof(escalation)}).{nameof(IEscalationPolicy.Version)}", escalation.Version, EscalationVersion.Range);
        _escalation = escalation;
        return this;
    }

    /// <summary>Limits of every task of the class; a task's own budget may set others.</summary>
    /// <param name="iterations">Default 64. From 1 to 1,000,000.</param>
    /// <param name="time">On workers. Default 1 h. Above zero, to 365 days.</param>
    /// <param name="cost">Cost of the calls of models, scorers and validators, as they state it or else as it is declared. Default unlimited. Above zero.</param>
    /// <param name="payloadBytes">Default 16 MiB. From 1 to 16 MiB.</param>
    /// <param name="artifactBytes">A longer artifact fails its pass with <see cref="ArtifactTooLargeException"/>. Default 16 MiB. From 1 to 16 MiB.</param>
    /// <param name="passes">Model calls, failed ones and ballots included. Default eight for each pass that the rules need in each iteration. From 1 to 16,000,000.</param>
    /// <param name="validatorTimeout">A validator that takes longer abstains. Default 30 s. From 10 ms to 1 day.</param>
    /// <param name="beatTimeout">A pass without a sign of life for so long is abandoned. Default 5 min. From 10 ms to 1 day.</param>
    public TaskClassBuilder<TPayload, TArtifact> Limit(
        int? iterations = null, TimeSpan? time = null, double? cost = null, int? payloadBytes = null, int? artifactBytes = null, TimeSpan? beatTimeout = null,
        int? passes = null, TimeSpan? validatorTimeout = null)
    {
        Check(passes is null or (>= 1 and <= 16_000_000), $"{nameof(Limit)}({nameof(passes)})", passes, "1 to 16,000,000");
        Check(validatorTimeout is null || (validatorTimeout >= TimeSpan.FromMilliseconds(10) && validatorTimeout <= TimeSpan.FromDays(1)), $"{nameof(Limit)}({nameof(validatorTimeout)})", validatorTimeout, "10 ms to 1 day");
        Check(iterations is null or (>= 1 and <= 1_000_000), $"{nameof(Limit)}({nameof(iterations)})", iterations, "1 to 1,000,000");
        Check(time is null || (time > TimeSpan.Zero && time <= TimeSpan.FromDays(365)), $"{nameof(Limit)}({nameof(time)})", time, "above zero, to 365 days");
        Check(cost is null || (cost > 0 && double.IsFinite(cost.Value)), $"{nameof(Limit)}({nameof(cost)})", cost, "above zero and finite");
        Check(payloadBytes is null or (>= 1 and <= ClassPolicy.LargestValueBytes), $"{nameof(Limit)}({nameof(payloadBytes)})", payloadBytes, "1 to 16 MiB");
        Check(artifactBytes is null or (>= 1 and <= ClassPolicy.LargestValueBytes), $"{nameof(Limit)}({nameof(artifactBytes)})", artifactBytes, "1 to 16 MiB");
        Check(beatTimeout is null || (beatTimeout >= TimeSpan.FromMilliseconds(10) && beatTimeout <= TimeSpan.FromDays(1)), $"{nameof(Limit)}({nameof(beatTimeout)})", beatTimeout, "10 ms to 1 day");
        _policy = _policy with
        {
            MaxIterations = iterations ?? _policy.MaxIterations,
            MaxTime = time ?? _policy.MaxTime,
            MaxCost = cost ?? _policy.MaxCost,
            MaxPayloadBytes = payloadBytes ?? _policy.MaxPayloadBytes,
            MaxArtifactBytes = artifactBytes ?? _policy.MaxArtifactBytes,
            BeatTimeout = beatTimeout ?? _policy.BeatTimeout,
            MaxPasses = passes ?? _policy.MaxPasses,
            ValidatorTimeout = validatorTimeout ?? _policy.ValidatorTimeout,
        };
        return this;
    }

    /// <summary>Replaces the supervision policy, and its ladder with it: a fault at start together with <see cref="EscalateWith"/>.</summary>
    public TaskClassBuilder<TPayload, TArtifact> SuperviseWith(ISupervisionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _supervision = policy;
        return this;
    }

    internal IReadOnlyList<string> Faults => [.. _faults, .. FaultsOfTheWhole()];

    private IEnumerable<string> FaultsOfTheWhole()
    {
        if (_models.Count == 0) yield return $"Task class '{_class.Name}' has no model; add one with {nameof(AddModel)}.";
        if (_supervision is { } policy && _escalation is { } ladder)
        {
            yield return $"Task class '{_class.Name}': {nameof(SuperviseWith)}({policy.GetType().Name}) and {nameof(EscalateWith)}({ladder.GetType().Name}) exclude one another: "
                + $"a policy has its own ladder, such as {nameof(SuperviseWith)}(new {nameof(SupervisionPolicy)}(ladder)).";
        }
    }

    /// <summary>The usual policy is the default one but for its ladder.</summary>
    private ISupervisionPolicy Supervision => _supervision ?? (_escalation is null ? SupervisionPolicy.Default : new SupervisionPolicy(_escalation));

    /// <summary>Without a bar every score is good enough: what is still waiting for its rules is not stuck before they could have held.</summary>
    private ConvergenceMonitor PatientMonitor()
    {
        var monitor = _policy.Monitor;
        var longest = _policy.Rules.Select(rule => rule.SimilarityWindow + rule.Patience).DefaultIfEmpty(0).Max();
        return _policy.AcceptAt is null && longest > monitor.StallAfter ? monitor with { StallAfter = longest } : monitor;
    }

    internal TaskClassDefinition Build(IServiceProvider services) => new TaskClassDefinition<TPayload, TArtifact>(
        _class, [.. _models.OrderBy(model => model.Tier)], _code.ToDictionary(code => code.Key, code => code.Value(services)),
        _scorer?.Invoke(services), _similarity?.Invoke(services), [.. _validators.Select(validator => validator(services))], _policy with { Monitor = PatientMonitor(), Supervision = Supervision },
        services.GetRequiredService<Datasets>(), services.GetRequiredService<TimeProvider>());

    private TaskClassBuilder<TPayload, TArtifact> Add(string name, int tier, string family, double cost, string device, ModelConcurrency? concurrency, Func<IServiceProvider, IRefinementModel<TPayload, TArtifact>> code)
    {
        Check(IsName(name) && !_code.ContainsKey(name), $"{nameof(AddModel)}({nameof(name)})", name, $"1 to {MaxNameLength} characters that no other model of the class has");
        Check(IsName(family), $"{nameof(AddModel)}({nameof(family)})", family, $"1 to {MaxNameLength} characters");
        Check(tier is >= 0 and <= 100, $"{nameof(AddModel)}({nameof(tier)})", tier, "0 to 100");
        Check(cost >= 0 && double.IsFinite(cost), $"{nameof(AddModel)}({nameof(cost)})", cost, "zero or more, and finite");
        Check(DeviceKind.IsValid(device), $"{nameof(AddModel)}({nameof(device)})", device, DeviceKind.Range);
        Check(_models.Count < MaxModels, nameof(AddModel), _models.Count + 1, $"at most {MaxModels} models");
        if (string.IsNullOrWhiteSpace(name) || !_code.TryAdd(name, code)) return this;
        _models.Add(new ModelDescriptor(name, tier, family, cost, device) { Concurrency = concurrency });
        return this;
    }

    private InvalidOperationException NothingMade(string method) => new($"Task class '{_class.Name}': {method} was given a function that returned null.");

    private static bool IsName([NotNullWhen(true)] string? name) => !string.IsNullOrWhiteSpace(name) && name.Length <= MaxNameLength;

    private ConvergenceRule[] Check(ConvergenceRule?[] rules, string when)
    {
        Check(rules.Length > 0, $"{when}({nameof(rules)})", "none", "one rule or more");
        Check(!rules.Contains(null), $"{when}({nameof(rules)})", "null", "rules that are not null");
        return [.. rules.OfType<ConvergenceRule>()];
    }

    private void Check(bool holds, string what, object? value, string range)
    {
        if (!holds) _faults.Add($"Task class '{_class.Name}': {what} is '{value}'; it takes {range}.");
    }

    private sealed class DelegateModel(Func<RefinementContext<TPayload, TArtifact>, CancellationToken, ValueTask<Refinement<TArtifact>>> refine) : IRefinementModel<TPayload, TArtifact>
    {
        public ValueTask<Refinement<TArtifact>> RefineAsync(RefinementContext<TPayload, TArtifact> context, CancellationToken cancellationToken) => refine(context, cancellationToken);
    }
}
